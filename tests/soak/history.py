# SPDX-License-Identifier: Apache-2.0
"""The time series of the stand-in: one value for each device, key and millisecond."""
import bisect


class History:
    def __init__(self):
        self.devices = {}  # device: {key: [(ts, value), ...] in the order of time}

    def store(self, device, ts, values):
        series = self.devices.setdefault(device, {})
        for key, value in values.items():
            points = series.setdefault(key, [])
            at = bisect.bisect_left(points, (ts,))
            points[at:at + (at < len(points) and points[at][0] == ts)] = [(ts, str(value))]

    def latest(self, device, keys):
        series = self.devices.get(device, {})
        return {key: [series[key][-1]] for key in keys or series if key in series}

    def between(self, device, keys, start, end, limit):
        """The newest LIMIT points of each key from START to END, the newest first."""
        found = {}
        for key in keys:
            points = self.devices.get(device, {}).get(key, [])
            first, last = bisect.bisect_left(points, (start,)), bisect.bisect_left(points, (end,))
            found[key] = points[max(first, last - limit):last][::-1]
        return found
