"""Summaries of pump sessions: one row per session, simulated from a simple wear model."""
import numpy as np

COLUMNS = [
    "minutes", "mean_rpm", "rpm_jitter", "peak_pressure", "inlet_temp", "outlet_temp",
    "vibration_rms", "vibration_kurtosis", "valve_cycles", "restarts", "days_since_service", "fluid_viscosity",
]


def make_sessions(n, seed):
    rng = np.random.default_rng(seed)
    wear = rng.gamma(4.0, 0.25, n)
    load = rng.normal(0.0, 1.0, n)
    minutes = rng.lognormal(3.0, 0.6, n)
    rpm = 1450 + 60 * load + rng.normal(0, 15, n)
    jitter = np.exp(0.3 * wear + rng.normal(0, 0.2, n))
    pressure = 4.0 + 0.5 * load + 0.3 * wear + rng.normal(0, 0.2, n)
    inlet = 21 + rng.normal(0, 3, n)
    outlet = inlet + 6 + 2.5 * wear + 1.5 * np.maximum(load, 0) + rng.normal(0, 0.8, n)
    vibration = np.exp(0.35 * wear + 0.15 * load + rng.normal(0, 0.2, n))
    kurtosis = 3 + rng.gamma(1.0 + wear, 0.7)
    cycles = rng.poisson(3 + minutes / 8)
    restarts = rng.poisson(0.3 + 0.4 * wear)
    service = rng.exponential(40, n) * (0.5 + 0.5 * wear)
    viscosity = 1.0 + 0.1 * rng.normal(size=n) + 0.05 * wear
    x = np.stack([minutes, rpm, jitter, pressure, inlet, outlet, vibration, kurtosis, cycles, restarts, service,
                  viscosity], axis=1).astype(np.float32)
    risk = 2.2 * (wear - 1.7) + 0.8 * np.log(vibration) + 0.5 * restarts + 0.3 * load
    risk = risk + 0.25 * np.maximum(outlet - inlet - 10, 0)
    y = (risk + rng.logistic(0, 0.12, n) > 0.0).astype(np.float32)
    return x, y
