// SPDX-License-Identifier: MIT
/*
 * The kubelet, to whom a resource is made known
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <chrono>

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "deviceplugin.grpc.pb.h"

#include "kubelet.hpp"
#include "service.hpp"

namespace {

/* It asks the plugin back before it answers. */
constexpr std::chrono::seconds patience(5);

/* What one connection has waited for is no reason for the next one to wait. */
std::shared_ptr<grpc::Channel> channel_to(const std::string &path)
{
	grpc::ChannelArguments arguments;

	arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
	return grpc::CreateCustomChannel("unix:" + path, grpc::InsecureChannelCredentials(),
					 arguments);
}

} // namespace

grpc::Status kubelet_register(const std::string &path, const std::string &endpoint,
			      const std::string &resource)
{
	auto stub = v1beta1::Registration::NewStub(channel_to(path));
	v1beta1::RegisterRequest request;
	grpc::ClientContext context;
	v1beta1::Empty nothing;

	context.set_deadline(std::chrono::system_clock::now() + patience);
	request.set_version("v1beta1");
	request.set_endpoint(endpoint);
	request.set_resource_name(resource);
	*request.mutable_options() = service::options();
	return stub->Register(&context, request, &nothing);
}
