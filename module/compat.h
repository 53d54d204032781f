/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels 6.12 and 7.3
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The driver's own files are written for the newest kernel; this header gives
 * older ones what they lack, under the newest kernel's names. Distributions
 * backport, so a version says little: Kbuild looks into the kernel's headers
 * and defines BARLEASE_HAVE_*.
 */
#ifndef BARLEASE_COMPAT_H
#define BARLEASE_COMPAT_H

#include <linux/mm.h>
#include <linux/vfio_pci_core.h>

#include <linux/barlease.h>

/* What takes the place of a page that is not there, and means something */
#ifdef BARLEASE_HAVE_LEAFOPS
#include <linux/leafops.h>
#else
#include <linux/swap.h>
#include <linux/swapops.h>

#define pte_is_marker(pte) is_pte_marker(pte)
#endif

/* Mapping BARs for other devices, without pages */
#ifdef BARLEASE_HAVE_PEER
#include <linux/dma-buf-mapping.h>
#include <linux/pci-p2pdma.h>

#define BARLEASE_PEER_POSSIBLE IS_ENABLED(CONFIG_PCI_P2PDMA)
#else
#include <linux/dma-buf.h>
#include <linux/pci-p2pdma.h>

#define BARLEASE_PEER_POSSIBLE false

struct p2pdma_provider;

struct phys_vec {
	phys_addr_t paddr;
	size_t len;
};

static inline struct p2pdma_provider *pcim_p2pdma_provider(struct pci_dev *pdev,
							   int bar)
{
	return NULL;
}

static inline bool dma_buf_attach_revocable(struct dma_buf_attachment *attach)
{
	return false;
}

static inline void dma_buf_invalidate_mappings(struct dma_buf *dmabuf)
{
	dma_buf_move_notify(dmabuf);
}

static inline struct sg_table *
dma_buf_phys_vec_to_sgt(struct dma_buf_attachment *attach,
			struct p2pdma_provider *provider, struct phys_vec *phys,
			size_t nr, size_t size, enum dma_data_direction dir)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void dma_buf_free_sgt(struct dma_buf_attachment *attach,
				    struct sg_table *table,
				    enum dma_data_direction dir)
{
}
#endif

#ifndef BARLEASE_HAVE_ZAP_SPECIAL
#define zap_special_vma_range(vma, address, size) \
	zap_vma_ptes(vma, address, size)
#endif

/* Newer kernels map BARs when the device is enabled */
#ifdef BARLEASE_HAVE_GET_IOMAP
static inline void barlease_compat_map_bars(struct vfio_pci_core_device *core)
{
}
#else
static inline void __iomem *
vfio_pci_core_get_iomap(struct vfio_pci_core_device *core, unsigned int bar)
{
	int ret = vfio_pci_core_setup_barmap(core, bar);

	return ret ? IOMEM_ERR_PTR(ret) : core->barmap[bar];
}

/*
 * vfio_pci_core_setup_barmap() is not safe against itself, and older cores
 * call it on first use, from anywhere. Doing it before anybody else can leaves
 * those calls nothing to do. A BAR that cannot be claimed is refused later,
 * when somebody asks for it.
 */
static inline void barlease_compat_map_bars(struct vfio_pci_core_device *core)
{
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (core->bar_mmap_supported[bar])
			vfio_pci_core_setup_barmap(core, bar);
}
#endif

/*
 * Two of vfio-pci's parameters are in each device of a newer core. Older ones
 * have one set of them, for all drivers. Return: whether it is shared.
 */
#ifdef BARLEASE_HAVE_SET_PARAMS
static inline bool barlease_compat_share_params(bool nointxmask,
						bool disable_vga,
						bool disable_idle_d3)
{
	vfio_pci_core_set_params(nointxmask, disable_vga, disable_idle_d3);
	return true;
}

static inline void
barlease_compat_latch_params(struct vfio_pci_core_device *core,
			     bool nointxmask, bool disable_vga)
{
}
#else
static inline bool barlease_compat_share_params(bool nointxmask,
						bool disable_vga,
						bool disable_idle_d3)
{
	return false;
}

static inline void
barlease_compat_latch_params(struct vfio_pci_core_device *core,
			     bool nointxmask, bool disable_vga)
{
	core->nointxmask = nointxmask;
	core->disable_vga = disable_vga;
}
#endif

/* Exported by newer cores */
#ifndef BARLEASE_HAVE_MEMORY_ENABLED
static inline bool __vfio_pci_memory_enabled(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;
	u16 command = le16_to_cpup((__le16 *)&core->vconfig[PCI_COMMAND]);

	if ((__force int)pdev->current_state >= (__force int)PCI_D3hot)
		return false;

	return pdev->no_command_memory || (command & PCI_COMMAND_MEMORY);
}
#endif

/* The core's own DMABUFs, which other drivers on it are to ask for */
#if defined(BARLEASE_HAVE_CORE_EXPORTS) && IS_ENABLED(CONFIG_VFIO_PCI_DMABUF)
static inline void
barlease_compat_let_core_export(struct vfio_pci_core_device *core)
{
	static const struct vfio_pci_device_ops ops = {
		.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
	};

	core->pci_ops = &ops;
}

static inline bool
barlease_compat_core_exports(const struct vfio_pci_core_device *core)
{
	return core->pci_ops;
}
#else
static inline void
barlease_compat_let_core_export(struct vfio_pci_core_device *core)
{
}

static inline bool
barlease_compat_core_exports(const struct vfio_pci_core_device *core)
{
	return false;
}
#endif

/* Members that vfio_device_ops gained */
#ifdef BARLEASE_HAVE_REGION_INFO_CAPS
#define BARLEASE_OPS_REGION_INFO \
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
#else
#define BARLEASE_OPS_REGION_INFO
#endif

#ifdef BARLEASE_HAVE_MATCH_TOKEN
#define BARLEASE_OPS_MATCH_TOKEN \
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#else
#define BARLEASE_OPS_MATCH_TOKEN
#endif

#ifdef BARLEASE_HAVE_PASID
#define BARLEASE_OPS_PASID \
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas, \
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
#else
#define BARLEASE_OPS_PASID
#endif

/*
 * barlease.h has named the two features by the kernel headers' numbers where
 * they define any; those are answered like our own.
 */
static inline u32 barlease_compat_feature(u32 feature)
{
	if (feature == VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE)
		return BARLEASE_FEATURE_DMA_BUF_REVOKE;
	if (feature == VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR)
		return BARLEASE_FEATURE_DMA_BUF_MEMATTR;
	return feature;
}

#endif /* BARLEASE_COMPAT_H */
