"""The bucket, the table and the secret of the story."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator

import pytest

from irsa_helpers import storage
from irsa_helpers.worlds import World


@pytest.fixture
def name(world: World) -> Iterator[str]:
    """A name of this test; what bears it is gone afterwards."""
    fresh = f"test-{uuid.uuid4().hex[:8]}"
    yield fresh
    storage.ensure_no_bucket(world, fresh)
    storage.ensure_no_table(world, fresh)
    storage.ensure_no_secret(world, fresh)


def test_a_bucket_holds_its_objects(world: World, name: str) -> None:
    change = storage.ensure_bucket(world, name, objects={"hello.txt": "안녕"})
    assert (change.action, change.applied) == ("create", True)
    s3 = world.aws("s3")
    assert s3.get_object(Bucket=name, Key="hello.txt")["Body"].read().decode() == "안녕"
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [
        {"Key": "irsa-lab", "Value": "enginrect-cluster"}
    ]
    assert storage.ensure_bucket(world, name, objects={"hello.txt": "안녕"}).action == "none"


def test_a_changed_object_is_put_again(world: World, name: str) -> None:
    storage.ensure_bucket(world, name, objects={"a": "1", "b": "2"})
    change = storage.ensure_bucket(world, name, objects={"a": "1", "b": "3"})
    assert (change.action, change.details) == ("update", ("put the object b",))


def test_a_table_holds_its_items(world: World, name: str) -> None:
    item = {"id": "1", "greeting": "hello"}
    change = storage.ensure_table(world, name, items=[item])
    assert change.applied
    assert change.details[0] == "1 item"
    found = world.aws("dynamodb").get_item(TableName=name, Key={"id": {"S": "1"}})["Item"]
    assert found == {"id": {"S": "1"}, "greeting": {"S": "hello"}}
    assert storage.ensure_table(world, name).action == "none"


def test_a_secret_holds_its_value(world: World, name: str) -> None:
    assert storage.ensure_secret(world, name, value="hush", tags={"team": "blue"}).applied
    found = world.aws("secretsmanager").get_secret_value(SecretId=name)
    assert found["SecretString"] == "hush"
    tags = world.aws("secretsmanager").describe_secret(SecretId=name)["Tags"]
    assert {"Key": "team", "Value": "blue"} in tags
    assert storage.ensure_secret(world, name, value="other").action == "none"


def test_all_three_can_be_taken_away(world: World, name: str) -> None:
    storage.ensure_bucket(world, name, objects={"a": "1"})
    storage.ensure_table(world, name)
    storage.ensure_secret(world, name, value="hush")
    removals = (storage.ensure_no_bucket, storage.ensure_no_table, storage.ensure_no_secret)
    assert [remove(world, name).action for remove in removals] == ["delete"] * 3
    assert [remove(world, name).action for remove in removals] == ["none"] * 3


def test_a_real_world_sees_the_plan_first(world: World, name: str) -> None:
    careful = copy.copy(world)
    careful.needs_approval = True
    plans = [
        storage.ensure_bucket(careful, name),
        storage.ensure_table(careful, name),
        storage.ensure_secret(careful, name, value="hush"),
    ]
    assert all(plan.pending for plan in plans)
    assert storage.ensure_no_bucket(careful, name).action == "none"
