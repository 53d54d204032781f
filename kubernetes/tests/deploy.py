#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# What is deployed fits the program: its options, the places where it looks, and no more
# rights than it needs.
import os
import re
import subprocess
import sys

import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, "@top@/kubernetes/tests")
import tap
from tap import ok, same

DEPLOY = "@top@/kubernetes/deploy"
PLUGIN = "@plugin@"


def load(name):
    with open(os.path.join(DEPLOY, name)) as file:
        return yaml.safe_load(file)


def run(*arguments):
    return subprocess.run([PLUGIN, *arguments], capture_output=True, text=True)


def option(container, name):
    """What the program is told in that container"""
    for argument in container["args"]:
        key, _, value = argument.partition("=")
        if key == name:
            return value
    return None


def place(name):
    """What the program itself takes for an option"""
    line = re.search(r"--%s=\S+\s[^(]*\((\S+)\)" % name, run("--help").stdout)
    return line and line.group(1)


def test_paths(spec, container):
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    host = {volume["name"]: volume["hostPath"]["path"] for volume in spec["volumes"]}
    same(run(*container["args"], "--help").returncode, 0,
         "the program takes these arguments")
    for name in "socket-dir", "admin", "domain":
        same(option(container, "--" + name), place(name),
             "--%s is what the program takes by itself" % name)
    same(set(mounts), {option(container, "--socket-dir"),
                       os.path.dirname(option(container, "--admin"))},
         "the directories of both sockets are mounted, and nothing else is")
    same({path: host[mount["name"]] for path, mount in mounts.items()},
         {path: path for path in mounts},
         "they are where they are on the host, for the kubelet is told of paths there")
    ok(mounts[os.path.dirname(option(container, "--admin"))].get("readOnly"),
       "the broker's is for reading only")


def test_rights(spec, container):
    security = container["securityContext"]
    same(security["capabilities"], {"drop": ["ALL"]}, "it has no capability")
    ok(not security["privileged"] and not security["allowPrivilegeEscalation"],
       "it gets none later on")
    ok(security["readOnlyRootFilesystem"], "it writes nothing of its own")
    same(security["seccompProfile"], {"type": "RuntimeDefault"},
         "it makes no system calls that others may not")
    same(spec["automountServiceAccountToken"], False, "it is nobody to the API server")
    same([key for key in ("hostNetwork", "hostPID", "hostIPC") if key in spec], [],
         "it is in no namespace of the host")


def test_names(daemonset, container):
    labels = daemonset["spec"]["template"]["metadata"]["labels"]
    same(daemonset["spec"]["selector"]["matchLabels"], labels,
         "the set finds its own pods")
    kustomization = load("kustomization.yaml")
    same([name for name in kustomization["resources"]
          if not os.path.exists(os.path.join(DEPLOY, name))], [],
         "kustomization.yaml names files that are there")
    image, _, tag = container["image"].partition(":")
    same([(entry["name"], entry["newTag"]) for entry in kustomization["images"]],
         [(image, tag)], "and the image of the set")
    same(["localhost/" + word for word in run("--version").stdout.split()[:1]], [image],
         "which is the one that is made here")
    same(run("--version").stdout.split()[1:], [tag], "of this version")


def test_example(container):
    pod = load("pod-example.yaml")
    limits = pod["spec"]["containers"][0]["resources"]["limits"]
    same([name.split("/")[0] for name in limits], [option(container, "--domain")],
         "the example asks for a resource of this domain")
    ok(pod["spec"]["containers"][0]["securityContext"]["runAsNonRoot"],
       "as an ordinary user")


def test_image():
    with open(os.path.join(DEPLOY, "Containerfile")) as file:
        text = file.read()
    ok('ENTRYPOINT ["/usr/sbin/%s"]' % os.path.basename(PLUGIN) in text,
       "the image starts the program")


def main():
    daemonset = load("daemonset.yaml")
    spec = daemonset["spec"]["template"]["spec"]
    same(len(spec["containers"]), 1, "the set has one container")
    container = spec["containers"][0]
    test_paths(spec, container)
    test_rights(spec, container)
    test_names(daemonset, container)
    test_example(container)
    test_image()
    tap.done()


main()
