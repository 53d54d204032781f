// SPDX-License-Identifier: MIT
/*
 * The ABI header: numbers and layouts that never change, and that it compiles
 * in C and in C++, on an old host and on a newer one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/barlease.h>
#include <linux/barlease.h>	/* a second time is none the worse */
#include <linux/vfio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi.h"

_Static_assert(VFIO_DEVICE_FEATURE_DMA_BUF == 11, "mainline's number");
_Static_assert(BARLEASE_FEATURE_DMA_BUF_REVOKE == 0xba01, "ours");
_Static_assert(BARLEASE_FEATURE_DMA_BUF_MEMATTR == 0xba02, "ours");
_Static_assert(BARLEASE_FEATURE_DMA_BUF_REVOKE < VFIO_DEVICE_FEATURE_MASK,
	       "fits in the feature's flags");
_Static_assert(BARLEASE_FEATURE_BAR_MEMATTR == 0xba03, "ours");
_Static_assert(BARLEASE_FEATURE_MAPPED_AS == 0xba08, "ours");
_Static_assert(sizeof(struct barlease_mapped_as) == 24, "size");
_Static_assert(BARLEASE_MAX_BAR_PARTS == 64, "the most parts");
_Static_assert(BARLEASE_MAX_RANGES == 65536, "the most ranges");
_Static_assert(VFIO_DEVICE_PCI_DMABUF_REVOKE == (';' << 8 | (100 + 22)),
	       "the ioctl's number");
_Static_assert(VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC == 0, "the default");
_Static_assert(VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC == 1, "the other");

_Static_assert(sizeof(struct vfio_region_dma_range) == 16, "size");
_Static_assert(offsetof(struct vfio_region_dma_range, offset) == 0, "layout");
_Static_assert(offsetof(struct vfio_region_dma_range, length) == 8, "layout");

_Static_assert(sizeof(struct vfio_device_feature_dma_buf) == 16, "size");
_Static_assert(offsetof(struct vfio_device_feature_dma_buf, region_index) == 0,
	       "layout");
_Static_assert(offsetof(struct vfio_device_feature_dma_buf, open_flags) == 4,
	       "layout");
_Static_assert(offsetof(struct vfio_device_feature_dma_buf, flags) == 8,
	       "layout");
_Static_assert(offsetof(struct vfio_device_feature_dma_buf, nr_ranges) == 12,
	       "layout");
_Static_assert(offsetof(struct vfio_device_feature_dma_buf, dma_ranges) == 16,
	       "layout");

_Static_assert(sizeof(struct vfio_device_feature_dma_buf_revoke) == 4, "size");
_Static_assert(sizeof(struct vfio_pci_dmabuf_revoke) == 8, "size");
_Static_assert(offsetof(struct vfio_pci_dmabuf_revoke, argsz) == 0, "layout");
_Static_assert(offsetof(struct vfio_pci_dmabuf_revoke, dmabuf_fd) == 4,
	       "layout");
_Static_assert(sizeof(struct vfio_device_feature_dma_buf_memattr) == 8, "size");
_Static_assert(offsetof(struct vfio_device_feature_dma_buf_memattr,
			dmabuf_fd) == 0, "layout");
_Static_assert(offsetof(struct vfio_device_feature_dma_buf_memattr,
			memattr) == 4, "layout");

_Static_assert(sizeof(struct barlease_bar_memattr) == 24, "size");
_Static_assert(offsetof(struct barlease_bar_memattr, region_index) == 0,
	       "layout");
_Static_assert(offsetof(struct barlease_bar_memattr, memattr) == 4, "layout");
_Static_assert(offsetof(struct barlease_bar_memattr, offset) == 8, "layout");
_Static_assert(offsetof(struct barlease_bar_memattr, length) == 16, "layout");

/* The compiler has checked the assertions above; this says so in the results */
static void layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vfio_device_feature), 8);
}

static void signed_fds(void **state)
{
	struct vfio_device_feature_dma_buf_revoke feature = { -1 };
	struct vfio_pci_dmabuf_revoke request = { sizeof(request), -1 };
	struct vfio_device_feature_dma_buf_memattr memattr = { -1, 0 };

	(void)state;
	assert_true(feature.dmabuf_fd < 0);
	assert_true(request.dmabuf_fd < 0);
	assert_true(memattr.dmabuf_fd < 0);
}

static void alone(void **state)
{
	(void)state;
	assert_int_equal(abi_alone(), VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE);
}

static void newer_host(void **state)
{
	(void)state;
	assert_int_equal(abi_newer_host_feature(), 21);
	assert_int_equal(abi_newer_host_ours(),
			 BARLEASE_FEATURE_DMA_BUF_REVOKE);
}

static void cxx(void **state)
{
	(void)state;
#ifdef HAVE_CXX
	assert_int_equal(abi_cxx(), VFIO_DEVICE_PCI_DMABUF_REVOKE);
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "numbers, sizes and offsets of the ABI are what they were",
		  layout, NULL, NULL, NULL },
		{ "file descriptors in the ABI can be negative", signed_fds,
		  NULL, NULL, NULL },
		{ "the header compiles alone, in strict C11", alone, NULL, NULL,
		  NULL },
		{ "it leaves alone what a newer <linux/vfio.h> has", newer_host,
		  NULL, NULL, NULL },
		{ "it compiles in C++", cxx, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
