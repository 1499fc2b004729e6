#%% buggy: default False
import argparse

p = argparse.ArgumentParser()
p.add_argument("--freeze", type=bool, default=False)  # BUG
print(p.parse_args().freeze)
#%% buggy: group
import argparse

p = argparse.ArgumentParser()
g = p.add_argument_group("model")
g.add_argument("--pretrained", help="load weights", type=bool, default=True)  # BUG
print(p.parse_args().pretrained)
#%% correct: flags
import argparse

p = argparse.ArgumentParser()
p.add_argument("--freeze", action="store_true")
p.add_argument("--amp", action=argparse.BooleanOptionalAction, default=True)
p.add_argument("--lr", type=float, default=0.1)
args = p.parse_args()
print(args.freeze, args.amp, args.lr)
