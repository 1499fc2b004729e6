"""Six-hourly readings of a mountain reservoir, three years of them.

Columns: air pressure (Pa), inflow (l/s), level above sea (mm), air temperature (K), hour of the year (h).
Rain follows a day after the pressure falls; the level answers to the inflow and to the gate, which opens when the level is
high and pressure falls.
"""
import numpy as np

COLUMNS = ["pressure_pa", "inflow_l_s", "level_mm", "temp_k", "hour"]


def series(days, rng):
    """(4 * days, 5) float64."""
    n = 4 * days
    hour = 6.0 * np.arange(n)
    season = np.sin(2 * np.pi * hour / 8766)
    slow, inflow, level = np.zeros(n), np.zeros(n), np.zeros(n)
    wet, stock = 0.0, 0.0
    for t in range(n):
        slow[t] = 0.92 * slow[t - 1] + 0.39 * rng.normal()
        rain = max(0.0, 0.1 * rng.normal() - slow[t - 4]) if t >= 4 else 0.0
        wet = 0.8 * wet + 0.6 * rain
        inflow[t] = 5200 + 900 * season[t] + 2100 * wet
        falling = slow[t - 4] - slow[t] if t >= 4 else 0.0
        stock += (inflow[t] - 6500) / 2600 - 0.35 * stock - (0.9 if stock > 0.5 and falling > 0.3 else 0.0)
        level[t] = 1_184_000 + 730 * stock
    temp = 278 + 8 * season + 3 * np.sin(2 * np.pi * hour / 24) + rng.normal(0, 1, n)
    return np.column_stack([90_800 + 620 * slow, inflow, level, temp, hour % 8766])


def windows(table, length):
    """Inputs (count, length, 5) float32, and the level change over the following day in decimetres."""
    starts = np.arange(len(table) - length - 4)
    x = np.stack([table[s:s + length] for s in starts]).astype(np.float32)
    now, later = table[starts + length - 1, 2], table[starts + length + 3, 2]
    return x, ((later - now) / 1000).astype(np.float32)[:, None]
