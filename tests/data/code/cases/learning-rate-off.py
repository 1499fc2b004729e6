#%% buggy: sgd
model = Net()
o = torch.optim.SGD(model.parameters(), lr=10.0)  # BUG
#%% buggy: adam through a name
LR = 0.5
model = Net()
o = torch.optim.Adam(model.parameters(), lr=LR)  # BUG
#%% buggy: function default
def make(model, lr=1.0):
    return torch.optim.AdamW(model.parameters(), lr)  # BUG
o = make(Net())
#%% correct: usual
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
#%% correct: adadelta starts at 1
model = Net()
o = torch.optim.Adadelta(model.parameters(), lr=1.0)
#%% correct: factor of a LambdaLR
model = Net()
o = torch.optim.Adam(model.parameters(), lr=3e-4)
s = torch.optim.lr_scheduler.LambdaLR(o, lambda e: 0.95**e)
for epoch in range(3):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% buggy: default of an option
import argparse
def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--learning-rate", type=float, default=20.0)
    return parser.parse_args()
def main():
    args = parse()
    model = Net()
    o = torch.optim.SGD(model.parameters(), lr=args.learning_rate)  # BUG
main()
#%% correct: default of an option
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
args = parser.parse_args()
o = torch.optim.AdamW(Net().parameters(), lr=args.lr)
#%% correct: a unit for the schedule to multiply
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 0.04 * min((s + 1) ** -0.5, (s + 1) * 4000 ** -1.5))
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
