#!/bin/bash
# SPDX-License-Identifier: MIT
# kubernetes.sh build|image|check: build the device plugin in build/kubernetes; put it into
# an image for containers; run its tests on this host, and in the guest from that image.
# It is the only program that wants gRPC, so it has a directory of its own, in which
# nothing else is built but what the tests want.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/root.sh"
. "$(dirname "$0")/show.sh"
. "$(dirname "$0")/configure.sh"
. "$(dirname "$0")/source.sh"

dir=$build/kubernetes
program=barlease-device-plugin
version=$(project_version "$top")
name=localhost/$program:$version
tree=$dir/image
archive=$dir/$program.oci.tar
out=$dir/guest
tap=$build/check/kubernetes.tap

build()
{
	configure "$dir" -Dkubernetes=enabled -Dlibpci=disabled -Dncurses=disabled
	step NINJA "build/${dir##*/}" ninja -C "$dir" --quiet \
		kubernetes/$program man/$program.8 "$@"
}

# What a program is linked with, the loader as well
libraries()
{
	ldd "$1" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }'
}

# The program, its libraries where it looks for them, and on what terms they are there
image_tree()
{
	local library package doc=$tree/usr/share/doc

	rm -rf "$tree"
	install -D -s "$dir/kubernetes/$program" "$tree/usr/sbin/$program"
	install -D -m 644 "$top/LICENSES/MIT.txt" "$doc/$program/copyright"
	libraries "$dir/kubernetes/$program" | while read -r library; do
		install -D "$library" "$tree$library"
		package=$(dpkg-query -S "*/${library##*/}" | sed 's/:.*//;q')
		install -D -m 644 "/usr/share/doc/$package/copyright" \
			"$doc/$package/copyright"
	done
}

# buildah COMMAND...: with a store of its own
buildah()
{
	command buildah --root "$dir/store" --runroot "$dir/store.run" \
		--storage-driver vfs "$@"
}

image_archive()
{
	rm -rf "$dir/store" "$archive"
	echo '{ "default": [ { "type": "insecureAcceptAnything" } ] }' >"$dir/policy.json"
	buildah build --signature-policy "$dir/policy.json" --isolation chroot \
		--timestamp "$(source_stamp)" --tag "$name" \
		--file "$top/kubernetes/deploy/Containerfile" "$tree"
	buildah push --signature-policy "$dir/policy.json" "$name" \
		"oci-archive:$archive:$name"
	rm -rf "$dir/store" "$dir/store.run"
}

# It has to start where there is nothing else.
image()
{
	build
	step IMAGE "$name" image_tree
	[ "$(unshare --map-root-user --root "$tree" "/usr/sbin/$program" --version)" = \
		"$program $version" ] || die "$program does not run from $tree"
	step OCI "build/kubernetes/${archive##*/}" image_archive
	say SIZE "$(du -h "$archive" | cut -f 1)"
}

host()
{
	say CHECK "tests of the device plugin on this host"
	"$build/lab/runner" -l "$top/lab/timeouts" "$dir"/kubernetes/tests/kubernetes-* \
		</dev/null | tee "$tap" | show_all
}

# Only this run's guest has it.
in_guest()
{
	local root=$dir/root

	"$top/lab/fetch-podman.sh"
	"$top/lab/fetch-kubelet.sh"
	rm -rf "$root"
	mkdir -p "$root"/{clients,kubelet/tests,podman/srv} "$out"
	cp "$build/user/tests/guest/clients/kubernetes" "$root/clients/"
	cp "$top"/kubernetes/tests/{console,kubelet,wire}.py "$root/kubelet/tests/"
	cp "$archive" "$root/podman/srv/plugin.oci.tar"
	root_pack "$root" "$out/own.cpio"
	cat "$guest/initramfs" "$build/podman/podman.cpio" \
		"$build/kubelet/kubelet.cpio" "$out/own.cpio" >"$out/initramfs"
	OUT=$out INITRAMFS=$out/initramfs BARLEASE_IDLE=${BARLEASE_IDLE:-240} \
		"$top/lab/run-guest.sh" clients kubernetes ||
		say FAIL "see $out/console.log"
	rm -rf "$out/initramfs" "$out/own.cpio" "$root"
}

check()
{
	mkdir -p "${tap%/*}"
	rm -f "$tap" "$out/guest.tap"
	host
	in_guest
	touch "$tap" "$out/guest.tap"
	awk -f "$top/lab/tally.awk" "$tap" "$out/guest.tap"
}

lock kubernetes
case $1 in
build) build ;;
image) image ;;
check)
	[ -z "$foreign" ] || die "\"make check-kubernetes\" is for amd64, not for $userland"
	build broker/barleased cli/barlease
	image
	check
	;;
*) die "kubernetes.sh build, image, or check" ;;
esac
