# SPDX-License-Identifier: Apache-2.0
"""Write telemetry with and without a time, read the latest values and the history."""
import json
import time

from tb_ce_client.models import Device


def run(client, name):
    device_id = str(client.save_device(Device(name=name, type="default")).id.id)

    def save(body):
        client.save_entity_telemetry(entity_type="DEVICE", entity_id=device_id, scope="ANY", body=json.dumps(body))

    before = time.time() * 1000
    save({"temperature": 26.5, "humidity": 87})
    latest = client.get_latest_timeseries(entity_type="DEVICE", entity_id=device_id, keys="temperature,humidity")
    assert [str(latest[key][0].value) for key in ("temperature", "humidity")] == ["26.5", "87"], latest
    assert abs(latest["temperature"][0].ts - before) < 60000

    save([{"ts": 1700000000000 + i * 1000, "values": {"level": i}} for i in range(10)])
    history = client.get_timeseries_history(entity_type="DEVICE", entity_id=device_id, keys="level",
                                            start_ts=1700000000000, end_ts=1700000005000, limit="100",
                                            order_by="ASC")
    values = [str(point.value) for point in history["level"]]
    assert values in ([str(i) for i in range(5)], [str(i) for i in range(6)]), history
    client.delete_device(device_id=device_id)
