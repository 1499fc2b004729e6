#%% buggy: eps
o = torch.optim.Adam(Net().parameters(), lr=1e-3, eps=10.0)  # BUG
#%% buggy: decay
o = torch.optim.AdamW(Net().parameters(), lr=1e-3, weight_decay=5.0)  # BUG
#%% buggy: rmsprop
net = Net()
o = torch.optim.RMSprop(net.parameters(), lr=1e-3, eps=2.0)  # BUG
#%% correct: usual
o = torch.optim.AdamW(Net().parameters(), lr=1e-3, eps=1e-8, weight_decay=0.05)
#%% correct: large eps of the inception recipe
o = torch.optim.RMSprop(Net().parameters(), lr=0.01, eps=1.0)
#%% correct: sgd
o = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=5e-4)
#%% buggy: the default of an option
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--eps", type=float, default=0.5)
parser.add_argument("--lr", type=float, default=1e-3)
args = parser.parse_args()
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=args.lr, eps=args.eps)  # BUG
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
