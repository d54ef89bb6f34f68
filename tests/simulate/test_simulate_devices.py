"""Several devices count the very same successes; every word is a function of its name alone."""

import json
import os
import subprocess
import sys

import pytest

from budgetsim.parameters import Organization
from budgetsim.simulate import Level, count, count_replicas, plan_organization

PROGRAM = """
import json, jax
from budgetsim.parameters import Organization
from budgetsim.simulate import Level, count_replicas, plan_organization, simulate_organization

devices = jax.devices()
assert len(devices) == 2
tree = plan_organization(Organization.tree(3, 3, fidelity=0.8, correlation=0.2), [0.4, 0.8], seed=7)
drawn = plan_organization([Level(fan_in=3)], lambda generator, number: generator.uniform(size=number), seed=7)
ranges = [(0, 10_000), (5, 37), (0, 1), (4096 * 32 - 7, 4096 * 32 + 7), (3, 3)]
print(json.dumps([
    [[count_replicas(plan, *part, devices=chosen)[0] for chosen in (None, devices, devices[1:])] for part in ranges]
    for plan in (tree, drawn)
]))
"""


@pytest.mark.verify
@pytest.mark.parametrize("count_of_devices", [2])
def test_two_devices_count_the_same(count_of_devices):
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={count_of_devices}"}
    environment["JAX_PLATFORMS"] = "cpu"
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tree, drawn = json.loads(done.stdout)
    for counts in (*tree, *drawn):
        assert counts[0] == counts[1] == counts[2]
    assert 0 < tree[0][0] < 10_000
    # and the same as in this process, which has one device
    here = plan_organization(Organization.tree(3, 3, fidelity=0.8, correlation=0.2), [0.4, 0.8], seed=7)
    assert count_replicas(here, 0, 10_000)[0] == tree[0][0]


def test_ranges_add_up():
    plan = plan_organization([Level(fan_in=3, fidelity=0.8, correlation=0.2)] * 2, 0.6, seed=3)
    whole, trials = count(plan, 0, 700)
    assert trials == 700 * 32
    pieces = [count(plan, start, stop) for start, stop in ((0, 1), (1, 130), (130, 130), (130, 700))]
    assert (sum(part[0] for part in pieces), sum(part[1] for part in pieces)) == (whole, trials)
    ragged = [count_replicas(plan, start, stop)[0] for start, stop in ((0, 5), (5, 1000), (1000, 700 * 32))]
    assert sum(ragged) == whole


@pytest.mark.parametrize(
    ("start", "stop", "message"),
    [(-1, 2, "start_word must be an integer in 0 ... 2"), (3, 2, "start_word"), (0, 2**31 + 1, "stop_word")],
)
def test_ranges_that_are_none(start, stop, message):
    with pytest.raises(ValueError, match=message):
        count(plan_organization(Organization.single(), 0.5, seed=1), start, stop)
