# SPDX-License-Identifier: Apache-2.0
"""Page through 25 devices, 10 at a time."""
from tb_ce_client.models import Device

COUNT = 25


def run(client, name):
    names = ["%s %02d" % (name, i) for i in range(COUNT)]
    for device in names:
        client.save_device(Device(name=device, type="default"))
    found, pages, page = [], [], 0
    while True:
        devices = client.get_tenant_devices(page_size=10, page=page, text_search=name, sort_property="name",
                                            sort_order="ASC")
        found += devices.data
        pages.append(len(devices.data))
        assert (devices.total_elements, devices.total_pages) == (COUNT, 3)
        if not devices.has_next:
            break
        page += 1
    assert pages == [10, 10, 5], pages
    assert [device.name for device in found] == names
    for device in found:
        client.delete_device(device_id=str(device.id.id))
    assert client.get_tenant_devices(page_size=10, page=0, text_search=name).data == []
