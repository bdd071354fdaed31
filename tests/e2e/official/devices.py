# SPDX-License-Identifier: Apache-2.0
"""Create, get, update, get information on and delete a device."""
from tb_ce_client.exceptions import NotFoundException
from tb_ce_client.models import Device


def run(client, name):
    saved = client.save_device(Device(name=name, type="default"))
    device_id = str(saved.id.id)

    fetched = client.get_device_by_id(device_id=device_id)
    assert (fetched.name, fetched.type) == (name, "default")

    fetched.label = "a label \u00e4\u20ac"
    updated = client.save_device(fetched)
    assert (str(updated.id.id), updated.label) == (device_id, fetched.label)
    assert client.get_device_by_id(device_id=device_id).label == fetched.label

    info = client.get_device_info_by_id(device_id=device_id)
    assert (info.name, str(info.id.id)) == (name, device_id)

    client.delete_device(device_id=device_id)
    try:
        client.get_device_by_id(device_id=device_id)
    except NotFoundException as error:
        assert error.status == 404
    else:
        raise AssertionError("the device is still there")
