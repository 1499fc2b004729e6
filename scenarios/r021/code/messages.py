"""Maritime radio messages as the watch typed them down, by urgency class. Most of them are routine."""
import random

CLASSES = ["routine", "weather", "safety", "urgency", "distress", "exercise"]
SHARE = [0.80, 0.10, 0.05, 0.025, 0.022, 0.003]
SHIPS = "aurora brigid castor delfin elise falke grete hermes ingrid juno katja lotte maren".split()
PLACES = "harbour roads buoy sound pilot station anchorage fairway light bank channel".split()
STATIC = 0.12   # share of words lost in the noise
CHATTER = "this is over out channel sixteen please say again standing by thank you morning good watch roger".split()
BODY = {
    "routine": ["request pilot at {p}", "eta {p} in {n} hours", "berth {n} free at {p}", "changing to channel {n}", "bunkers at {p}"],
    "weather": ["wind {n} near {p}", "fog at {p}", "swell {n} metres off {p}", "gale expected {p}"],
    "safety": ["securite drifting container near {p}", "securite light out at {p}", "securite cable work at {p}"],
    "urgency": ["pan pan engine stopped near {p}", "pan pan person ill on board {p}", "pan pan rudder jammed {n} miles off {p}"],
    "distress": ["mayday taking water near {p}", "mayday fire on board {p}", "mayday man overboard {n} miles off {p}"],
    "exercise": ["exercise exercise mayday near {p}", "exercise exercise pan pan off {p}"],
}


def message(kind, rng):
    body = rng.choice(BODY[kind]).format(p=rng.choice(PLACES), n=rng.randint(2, 9))
    if kind == "routine" and rng.random() < 0.12:  # talks about another call
        body = rng.choice(["heard mayday of", "any news of pan pan from", "copied securite from"]) + " " + rng.choice(SHIPS)
    before, after = (rng.choices(CHATTER, k=rng.randint(1, 3)) for _ in range(2))
    words = " ".join([rng.choice(SHIPS), *before, body, *after]).split()
    return " ".join("#" if rng.random() < STATIC else w for w in words)


def watch(count, rng, share=SHARE):
    kinds = rng.choices(range(len(CLASSES)), weights=share, k=count)
    return [message(CLASSES[k], rng) for k in kinds], kinds
