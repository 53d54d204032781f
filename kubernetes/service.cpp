// SPDX-License-Identifier: MIT
/*
 * What the kubelet asks of a resource
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The kubelet is who can connect, for the socket is root's. What it names is looked up
 * all the same: no name gets from a request into one to the broker, or into a path.
 */
#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "log.hpp"
#include "names.hpp"
#include "prefer.hpp"
#include "service.hpp"

namespace {

using names = google::protobuf::RepeatedPtrField<std::string>;

grpc::Status invalid(const std::string &words)
{
	return { grpc::StatusCode::INVALID_ARGUMENT, words };
}

/* Those of a resource that are named: known, and each once. Throws invalid_argument. */
class chosen {
public:
	explicit chosen(const inventory::devices &devices)
	{
		for (const auto &device : devices)
			devices_.emplace(device.id, device);
	}

	inventory::devices take(const names &ids)
	{
		inventory::devices result;

		for (const auto &id : ids)
			result.push_back(take_one(id));
		return result;
	}

private:
	const device &take_one(const std::string &id)
	{
		auto found = devices_.find(id);

		if (found == devices_.end())
			throw std::invalid_argument("there is no such device");
		if (!taken_.insert(id).second)
			throw std::invalid_argument(id + " is named twice");
		return found->second;
	}

	std::map<std::string, device> devices_;
	std::set<std::string> taken_;
};

slice_names names_of(const inventory::devices &devices)
{
	slice_names result;

	for (const auto &device : devices)
		result.push_back(device.id);
	std::sort(result.begin(), result.end(), name_before);
	return result;
}

std::vector<slice_names> containers_of(const v1beta1::AllocateRequest &request,
				       const inventory::devices &devices)
{
	std::vector<slice_names> containers;
	chosen all(devices);

	for (const auto &container : request.container_requests()) {
		if (container.devices_ids().empty())
			throw std::invalid_argument("a container has no device");
		containers.push_back(names_of(all.take(container.devices_ids())));
	}
	return containers;
}

v1beta1::ListAndWatchResponse list_of(const inventory::devices &devices)
{
	v1beta1::ListAndWatchResponse response;

	for (const auto &device : devices) {
		auto *entry = response.add_devices();

		entry->set_id(device.id);
		entry->set_health(device.healthy ? "Healthy" : "Unhealthy");
		if (device.node >= 0)
			entry->mutable_topology()->add_nodes()->set_id(device.node);
	}
	return response;
}

inventory::devices preferred(const v1beta1::ContainerPreferredAllocationRequest &request,
			     const inventory::devices &devices)
{
	const int size = request.allocation_size();
	auto available = chosen(devices).take(request.available_deviceids());
	auto included = chosen(devices).take(request.must_include_deviceids());

	if (size < 0 || included.size() > static_cast<std::size_t>(size))
		throw std::invalid_argument("more devices are to be included than there are to be");
	return prefer(available, included, size);
}

} // namespace

service::service(const std::string &group, const std::string &name, inventory &stock,
		 grants &vendor)
	: group_(group), name_(name), stock_(stock), vendor_(vendor)
{
}

v1beta1::DevicePluginOptions service::options()
{
	v1beta1::DevicePluginOptions options;

	options.set_get_preferred_allocation_available(true);
	return options;
}

void service::stop()
{
	stopped_ = true;
	stock_.nudge();
}

bool service::is_watched() const
{
	return watchers_ > 0;
}

grpc::Status service::GetDevicePluginOptions(grpc::ServerContext *, const v1beta1::Empty *,
					     v1beta1::DevicePluginOptions *response)
{
	*response = options();
	return grpc::Status::OK;
}

/* Waits are short, for nothing else tells that the kubelet has hung up. */
grpc::Status service::ListAndWatch(grpc::ServerContext *context, const v1beta1::Empty *,
				   grpc::ServerWriter<v1beta1::ListAndWatchResponse> *writer)
{
	inventory::devices told, devices;
	bool first = true;
	uint64_t seen = 0;

	watchers_++;
	while (!stopped_ && !context->IsCancelled()) {
		seen = stock_.wait(seen);
		devices = stock_.of(group_);
		if (!first && devices == told)
			continue;
		if (!writer->Write(list_of(devices)))
			break;
		told.swap(devices);
		first = false;
	}
	watchers_--;
	return grpc::Status::OK;
}

grpc::Status service::GetPreferredAllocation(grpc::ServerContext *,
					     const v1beta1::PreferredAllocationRequest *request,
					     v1beta1::PreferredAllocationResponse *response)
{
	const auto devices = stock_.of(group_);

	try {
		for (const auto &container : request->container_requests()) {
			auto *answer = response->add_container_responses();

			for (const auto &device : preferred(container, devices))
				answer->add_deviceids(device.id);
		}
	} catch (const std::invalid_argument &error) {
		return invalid(error.what());
	}
	return grpc::Status::OK;
}

/*
 * Of a container with two resources, each has a mount of its own: of two mounts in one
 * place, the kubelet takes one. Nobody has to write there to connect.
 */
void service::describe(v1beta1::ContainerAllocateResponse *container, const slice_names &slices,
		       const std::string &directory) const
{
	const std::string place = "/run/barlease/" + name_;
	const std::string suffix = "_" + as_variable(name_);
	auto &envs = *container->mutable_envs();
	auto *mount = container->add_mounts();

	mount->set_container_path(place);
	mount->set_host_path(directory);
	mount->set_read_only(true);
	for (const auto &end : { std::string(), suffix }) {
		envs["BARLEASE_SOCKET" + end] = place + "/socket";
		envs["BARLEASE_SLICES" + end] = with_commas(slices);
	}
}

grpc::Status service::Allocate(grpc::ServerContext *, const v1beta1::AllocateRequest *request,
			       v1beta1::AllocateResponse *response)
{
	std::vector<std::string> directories;
	std::vector<slice_names> containers;
	std::size_t i;

	try {
		containers = containers_of(*request, stock_.of(group_));
		directories = vendor_.make(containers);
	} catch (const std::invalid_argument &error) {
		return invalid(error.what());
	} catch (const broker_error &error) {
		say("%s: nothing is granted: %s", name_.c_str(), error.what());
		return { grpc::StatusCode::UNAVAILABLE, error.what() };
	}
	for (i = 0; i < containers.size(); i++)
		describe(response->add_container_responses(), containers[i], directories[i]);
	return grpc::Status::OK;
}

/* The kubelet is told that it need not ask. */
grpc::Status service::PreStartContainer(grpc::ServerContext *,
					const v1beta1::PreStartContainerRequest *request,
					v1beta1::PreStartContainerResponse *)
{
	try {
		chosen(stock_.of(group_)).take(request->devices_ids());
	} catch (const std::invalid_argument &error) {
		return invalid(error.what());
	}
	return grpc::Status::OK;
}
