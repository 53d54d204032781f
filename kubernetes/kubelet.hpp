/* SPDX-License-Identifier: MIT */
/*
 * The kubelet, to whom a resource is made known
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_KUBELET_HPP
#define KUBERNETES_KUBELET_HPP

#include <string>

#include <grpcpp/support/status.h>

/* @endpoint: the file in the directory of the kubelet's socket that is served already */
grpc::Status kubelet_register(const std::string &path, const std::string &endpoint,
			      const std::string &resource);

#endif
