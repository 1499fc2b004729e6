"""Stand-in for the shop's database export: closed orders with their outcome, and orders still on their way.

The columns and their typical values follow the shop's own report of last autumn.
"""
import csv
import os

import numpy as np

COLUMNS = ["order_id", "price_eur", "discount_pct", "pairs", "sizes_in_basket", "prior_orders", "prior_return_share",
           "basket_min", "night_order", "new_model", "pick_pack_sec", "dock_sec", "distance_km", "returned"]


def orders(count, rng, closed):
    price = rng.lognormal(4.4, 0.4, count)
    discount = rng.choice([0, 10, 20, 40], count, p=[0.5, 0.2, 0.2, 0.1])
    pairs = rng.integers(1, 5, count)
    sizes = 1 + rng.binomial(2, 0.35, count)
    prior = rng.poisson(3, count)
    share = np.where(prior > 0, rng.beta(1.5, 2.5, count), 0.4)
    minutes = rng.gamma(2, 6, count)
    night, new = rng.random(count) < 0.25, rng.random(count) < 0.4
    distance = rng.gamma(2, 120, count)

    drive = (2.6 * (sizes - 1.7) + 5.0 * (share - 0.39) + 0.9 * (pairs - 2.5) + 1.2 * (new - 0.4)
             + 0.8 * (night - 0.25) - 0.06 * (minutes - 12) - 0.02 * (discount - 10))
    returned = drive + rng.logistic(0, 0.3, count) > 0

    pick = rng.normal(95, 14, count) + 20 * pairs
    dock = rng.normal(60, 9, count)
    if closed:
        dock = dock + np.where(returned, rng.normal(140, 16, count), 0)
    table = [price, discount, pairs, sizes, prior, share, minutes, night, new, pick, dock, distance]
    return np.column_stack([column.astype(float) for column in table]), returned.astype(int)


def write(path, features, outcome, first_id):
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(COLUMNS)
        for i, row in enumerate(features):
            out.writerow([first_id + i, *(f"{value:.4g}" for value in row), "" if outcome is None else outcome[i]])


def export(folder, seed):
    rng = np.random.default_rng(seed)
    os.makedirs(folder, exist_ok=True)
    write(f"{folder}/closed.csv", *orders(3000, rng, closed=True), first_id=410_000)
    on_the_way, _ = orders(400, rng, closed=False)
    write(f"{folder}/on_the_way.csv", on_the_way, None, first_id=413_000)
