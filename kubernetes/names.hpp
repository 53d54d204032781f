/* SPDX-License-Identifier: MIT */
/*
 * Names, of the broker's and of Kubernetes'
 *
 * Copyright (C) 2026 The barlease authors
 *
 * They become words of a request, names of files, and names of environment variables:
 * what is not one of these never gets that far.
 */
#ifndef KUBERNETES_NAMES_HPP
#define KUBERNETES_NAMES_HPP

#include <string>
#include <vector>

/* Of a slice, a template or a grant */
bool is_barlease_name(const std::string &name);
/* Of a resource, what comes behind the "/" */
bool is_resource_name(const std::string &name);
/* What comes before it */
bool is_domain(const std::string &name);
/* 0000:00:00.0 */
bool is_pci_address(const std::string &name);
/* "doorbell-a.b" as the end of an environment variable's name: DOORBELL_A_B */
std::string as_variable(const std::string &name);
/* The same, or where that is too long, its beginning and a hash, "A-0123456789abcdef" */
std::string shortened(const std::string &name, std::size_t longest);
/* "A,B,C" */
std::string with_commas(const std::vector<std::string> &names);
/* "doorbell-2" comes before "doorbell-10". */
bool name_before(const std::string &a, const std::string &b);

#endif
