# SPDX-License-Identifier: Apache-2.0
"""Count and find entities by boolean, numeric and string key filters; page and sort what is found."""
import json

from tb_ce_client.models import (BooleanFilterPredicate, Device, EntityCountQuery, EntityDataPageLink, EntityDataQuery,
                                 EntityDataSortOrder, EntityKey, EntityTypeFilter, FilterPredicateValueBoolean,
                                 FilterPredicateValueDouble, FilterPredicateValueString, KeyFilter,
                                 NumericFilterPredicate, StringFilterPredicate)

COUNT = 7

# Version 4.4.0 needs the types of filters and predicates; 4.3.1.2 knows them.
DEVICES = EntityTypeFilter(type="entityType", entity_type="DEVICE")


def key_filter(kind, key, value_type, predicate):
    return KeyFilter(key=EntityKey(type=kind, key=key), value_type=value_type, predicate=predicate)


def named(name):
    return key_filter("ENTITY_FIELD", "name", "STRING", StringFilterPredicate(
        type="STRING", operation="STARTS_WITH", ignore_case=False,
        value=FilterPredicateValueString(default_value=name)))


def is_on(value):
    return key_filter("SERVER_ATTRIBUTE", "on", "BOOLEAN", BooleanFilterPredicate(
        type="BOOLEAN", operation="EQUAL", value=FilterPredicateValueBoolean(default_value=value)))


def above(value):
    return key_filter("SERVER_ATTRIBUTE", "level", "NUMERIC", NumericFilterPredicate(
        type="NUMERIC", operation="GREATER", value=FilterPredicateValueDouble(default_value=value)))


def find(client, name, size, page, direction):
    """The names on one page of the devices whose name matches."""
    name_key = EntityKey(type="ENTITY_FIELD", key="name")
    return client.find_entity_data_by_query(EntityDataQuery(
        entity_filter=DEVICES, key_filters=[named(name)], entity_fields=[name_key],
        latest_values=[EntityKey(type="SERVER_ATTRIBUTE", key="level")],
        page_link=EntityDataPageLink(page_size=size, page=page,
                                     sort_order=EntityDataSortOrder(key=name_key, direction=direction))))


def names_of(data):
    return [entry.latest["ENTITY_FIELD"]["name"].value for entry in data]


def run(client, name):
    def count(*filters):
        return client.count_entities_by_query(EntityCountQuery(entity_filter=DEVICES, key_filters=list(filters)))

    before = client.count_entities_by_query(EntityCountQuery(entity_filter=DEVICES))
    names = ["%s %d" % (name, i) for i in range(COUNT)]
    ids = [str(client.save_device(Device(name=device, type="default")).id.id) for device in names]
    for i, device_id in enumerate(ids):
        client.save_entity_attributes_v2(entity_type="DEVICE", entity_id=device_id, scope="SERVER_SCOPE",
                                         body=json.dumps({"on": i < 3, "level": i * 1.5}))

    assert client.count_entities_by_query(EntityCountQuery(entity_filter=DEVICES)) == before + COUNT
    assert count(named(name)) == COUNT
    assert count(named(name), is_on(True)) == 3
    assert count(named(name), is_on(False)) == COUNT - 3
    assert count(named(name), above(3.0)) == COUNT - 3
    assert count(named(name), above(3.0), is_on(True)) == 0
    assert count(named(name + " 5")) == 1
    assert count(named("no such " + name)) == 0

    pages = [find(client, name, 3, page, "DESC") for page in range(3)]
    assert [page.total_elements for page in pages] == [COUNT] * 3
    assert [page.has_next for page in pages] == [True, True, False]
    assert sum((names_of(page.data) for page in pages), []) == names[::-1]
    assert names_of(find(client, name, 100, 0, "ASC").data) == names
    for device_id in ids:
        client.delete_device(device_id=device_id)
