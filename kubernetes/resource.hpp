/* SPDX-License-Identifier: MIT */
/*
 * An extended resource of Kubernetes: a server of its own, which the kubelet knows
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_RESOURCE_HPP
#define KUBERNETES_RESOURCE_HPP

#include <chrono>
#include <memory>
#include <string>

#include <grpcpp/server.h>

#include "identity.hpp"
#include "options.hpp"
#include "service.hpp"

class resource {
public:
	/* @name: behind the domain. Throws runtime_error: somebody else serves it. */
	resource(const options &options, const std::string &group, const std::string &name,
		 inventory &stock, grants &vendor);
	~resource();
	resource(const resource &) = delete;
	resource &operator=(const resource &) = delete;

	/* Serves and registers, as far as it must. Return: false, and it is to be tried again */
	bool settle();

private:
	bool serve();
	void stop();
	bool is_known(const identity &kubelet) const;
	bool enrol(const identity &kubelet);
	void complain(const std::string &words);

	const std::string group_;
	const std::string name_;
	const std::string full_name_;
	const std::string endpoint_;
	const std::string path_;
	const std::string kubelet_path_;
	inventory &stock_;
	grants &vendor_;

	std::unique_ptr<service> service_;
	std::unique_ptr<grpc::Server> server_;
	identity socket_;
	/* Whom it has registered with, and when */
	identity kubelet_;
	std::chrono::steady_clock::time_point since_;
	std::string complaint_;
};

#endif
