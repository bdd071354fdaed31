# SPDX-License-Identifier: Apache-2.0
"""Read an attribute, add one to it, write it back."""
import json

from tb_ce_client.models import Asset


def run(client, name):
    asset_id = str(client.save_asset(Asset(name=name, type="default")).id.id)

    def count():
        answer = client.get_attributes_by_scope_with_http_info(entity_type="ASSET", entity_id=asset_id,
                                                               scope="SERVER_SCOPE", keys="deviceCount")
        if answer.data is None:  # 4.4.0 does not decode this response
            values = [attribute["value"] for attribute in json.loads(answer.raw_data)]
        else:
            values = [attribute.value for attribute in answer.data]
        return int(values[0]) if values else 0

    for expected in range(3):
        assert count() == expected
        client.save_entity_attributes_v2(entity_type="ASSET", entity_id=asset_id, scope="SERVER_SCOPE",
                                         body=json.dumps({"deviceCount": expected + 1}))
    client.delete_asset(asset_id=asset_id)
