/* SPDX-License-Identifier: MIT */
/*
 * Which devices go together
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_PREFER_HPP
#define KUBERNETES_PREFER_HPP

#include <string>
#include <vector>

#include "inventory.hpp"

/*
 * @size of the @available, @included among them, from as few PCI devices as can be, and
 * so that little is left over of one. Return: fewer, where there are not so many
 */
inventory::devices prefer(const inventory::devices &available,
			  const inventory::devices &included, std::size_t size);

#endif
