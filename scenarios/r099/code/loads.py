"""Daily electricity load of small shops, 24 hourly values in kW, from three habits: opening, lunch, cold store."""
import numpy as np

HOURS = np.arange(24)


def profiles(count, rng):
    opens = rng.uniform(7, 9.5, (count, 1))
    length = rng.uniform(8, 11, (count, 1))
    level = rng.uniform(1.5, 4.0, (count, 1))
    cold = rng.uniform(0.5, 2.0, (count, 1))
    shop = 1 / (1 + np.exp(-1.6 * (HOURS - opens))) / (1 + np.exp(1.6 * (HOURS - opens - length)))
    lunch = 0.5 * level * np.exp(-0.5 * ((HOURS - 12.5) / 1.2) ** 2)
    night = cold * (1 + 0.25 * np.cos(2 * np.pi * (HOURS - 15) / 24))
    return (level * shop + lunch + night + rng.normal(0, 0.12, (count, 24))).astype(np.float32)
