// SPDX-License-Identifier: MIT
/*
 * An extended resource of Kubernetes: a server of its own, which the kubelet knows
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <algorithm>
#include <stdexcept>
#include <sys/un.h>
#include <unistd.h>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "kubelet.hpp"
#include "log.hpp"
#include "names.hpp"
#include "resource.hpp"

namespace {

using clock = std::chrono::steady_clock;

/* A kubelet that knows a resource has begun to watch it by then. */
constexpr std::chrono::seconds watched_within(10);
/* For calls that are at work when the server ends */
constexpr std::chrono::seconds last_words(2);

/* No domain has "_": no two resources have the same. All of the path fits into an address. */
std::string endpoint_for(const options &options, const std::string &name)
{
	const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
	const std::size_t taken = options.socket_dir.size() + sizeof("/.sock") - 1;
	const std::size_t room = longest - std::min(longest, taken);

	return shortened(options.domain + "_" + name, room) + ".sock";
}

} // namespace

resource::resource(const options &options, const std::string &group, const std::string &name,
		   inventory &stock, grants &vendor)
	: group_(group), name_(name), full_name_(options.domain + "/" + name),
	  endpoint_(endpoint_for(options, name)),
	  path_(options.socket_dir + "/" + endpoint_),
	  kubelet_path_(options.socket_dir + "/kubelet.sock"), stock_(stock), vendor_(vendor)
{
	if (path_.size() >= sizeof(sockaddr_un::sun_path))
		throw std::runtime_error(path_ + ": too long for a socket");
	if (is_served(path_))
		throw std::runtime_error(path_ + ": somebody else serves it");
}

resource::~resource()
{
	stop();
}

/* What is wrong is said once, not with each try. */
void resource::complain(const std::string &words)
{
	if (words != complaint_ && !words.empty())
		say("%s: %s", full_name_.c_str(), words.c_str());
	complaint_ = words;
}

bool resource::serve()
{
	grpc::ServerBuilder builder;

	service_ = std::make_unique<service>(group_, name_, stock_, vendor_);
	builder.AddListeningPort("unix:" + path_, grpc::InsecureServerCredentials());
	builder.RegisterService(service_.get());
	server_ = builder.BuildAndStart();
	if (server_)
		socket_ = identity_of(path_);
	if (socket_)
		return true;
	stop();
	complain("cannot serve " + path_);
	return false;
}

void resource::stop()
{
	if (service_)
		service_->stop();
	if (server_)
		server_->Shutdown(std::chrono::system_clock::now() + last_words);
	server_.reset();
	service_.reset();
	if (socket_ && identity_of(path_) == socket_)
		unlink(path_.c_str());
	socket_ = identity();
}

/* One that has lost the plugin without being another one would never come back. */
bool resource::is_known(const identity &kubelet) const
{
	return kubelet_ == kubelet &&
	       (service_->is_watched() || clock::now() - since_ < watched_within);
}

bool resource::enrol(const identity &kubelet)
{
	grpc::Status status = kubelet_register(kubelet_path_, endpoint_, full_name_);

	if (!status.ok()) {
		complain("the kubelet does not take it: " + status.error_message());
		return false;
	}
	complain("");
	kubelet_ = kubelet;
	since_ = clock::now();
	say("%s is registered", full_name_.c_str());
	return true;
}

bool resource::settle()
{
	identity kubelet;

	if (!socket_ || identity_of(path_) != socket_) {
		stop();
		kubelet_ = identity();
		if (!serve())
			return false;
	}
	kubelet = identity_of(kubelet_path_);
	return !kubelet || is_known(kubelet) || enrol(kubelet);
}
