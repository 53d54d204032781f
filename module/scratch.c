// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scratch pages: what mappings of a buffer show that is over
 *
 * Copyright (C) 2026 The barlease authors
 *
 * One page, however large the buffer is: what is left of a lease takes no memory
 * to speak of, and is in its owner's account.
 *
 * The page is mapped with the attribute of ordinary memory, not with that of the
 * mapping: two attributes of one page do not go together on every machine.
 *
 * It is freed with the buffer, which every mapping has a reference to by way of
 * its file. Nobody can take a reference to the page itself by such a mapping: it
 * is VM_PFNMAP, and its entries are special.
 */
#include <linux/cacheflush.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "buffer.h"
#include "compat.h"
#include "scratch.h"
#include "table.h"

static struct barlease_range *slot(struct barlease_buffer *buffer)
{
	return &buffer->ranges.range[buffer->ranges.room];
}

static unsigned long pfn_of(struct barlease_buffer *buffer)
{
	return PHYS_PFN(slot(buffer)->phys_start);
}

int barlease_scratch_add(struct barlease_buffer *buffer)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT);

	if (!page)
		return -ENOMEM;

	memset(page_address(page), 0xff, PAGE_SIZE);
	flush_dcache_page(page);
	buffer->ranges.room--;
	slot(buffer)->phys_start = page_to_phys(page);
	buffer->scratch = true;
	return 0;
}

void barlease_scratch_free(struct barlease_buffer *buffer)
{
	if (buffer->scratch)
		__free_page(pfn_to_page(pfn_of(buffer)));
}

vm_fault_t barlease_scratch_fill(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long start, end;

	barlease_table_part(vmf, &start, &end);
	return barlease_fill_table_with(vma, start, end,
					pfn_of(vma->vm_private_data),
					vm_get_page_prot(vma->vm_flags));
}
