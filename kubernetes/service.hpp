/* SPDX-License-Identifier: MIT */
/*
 * What the kubelet asks of a resource
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_SERVICE_HPP
#define KUBERNETES_SERVICE_HPP

#include <atomic>
#include <string>

#include "deviceplugin.grpc.pb.h"

#include "grants.hpp"
#include "inventory.hpp"

class service final : public v1beta1::DevicePlugin::Service {
public:
	/* @group: of the inventory. @name: of the resource, behind its domain */
	service(const std::string &group, const std::string &name, inventory &stock,
		grants &vendor);

	static v1beta1::DevicePluginOptions options();
	/* Ends ListAndWatch, which would never end by itself */
	void stop();
	/* Is there anybody whom ListAndWatch tells? */
	bool is_watched() const;

	grpc::Status GetDevicePluginOptions(grpc::ServerContext *context,
					    const v1beta1::Empty *request,
					    v1beta1::DevicePluginOptions *response) override;
	grpc::Status ListAndWatch(grpc::ServerContext *context, const v1beta1::Empty *request,
				  grpc::ServerWriter<v1beta1::ListAndWatchResponse> *writer)
		override;
	grpc::Status GetPreferredAllocation(grpc::ServerContext *context,
					    const v1beta1::PreferredAllocationRequest *request,
					    v1beta1::PreferredAllocationResponse *response)
		override;
	grpc::Status Allocate(grpc::ServerContext *context,
			      const v1beta1::AllocateRequest *request,
			      v1beta1::AllocateResponse *response) override;
	grpc::Status PreStartContainer(grpc::ServerContext *context,
				       const v1beta1::PreStartContainerRequest *request,
				       v1beta1::PreStartContainerResponse *response) override;

private:
	void describe(v1beta1::ContainerAllocateResponse *container, const slice_names &slices,
		      const std::string &directory) const;

	const std::string group_;
	const std::string name_;
	inventory &stock_;
	grants &vendor_;
	std::atomic<bool> stopped_{ false };
	std::atomic<int> watchers_{ 0 };
};

#endif
