#%% buggy: logits
model = Net()
crit = nn.NLLLoss()  # BUG
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x), y).backward()
    o.step()
#%% buggy: softmax
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    p = F.softmax(model(x), dim=1)  # BUG
    F.nll_loss(p, y).backward()
    o.step()
#%% buggy: sequential
model = nn.Sequential(nn.Linear(20, 5), nn.Softmax(dim=-1))  # BUG
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    loss = nn.NLLLoss()(model(x), y)
    loss.backward()
    o.step()
#%% buggy: softmax returned by a graph network
#% file: train.py
import torch
from torch import nn
import torch.nn.functional as F

class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super(GCN, self).__init__()
        self.lin1 = nn.Linear(nfeat, nhid)
        self.lin2 = nn.Linear(nhid, nclass)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(self.lin1(torch.spmm(adj, x)))
        x = F.dropout(x, self.dropout, training=self.training)
        x = self.lin2(torch.spmm(adj, x))
        return F.softmax(x, dim=1)  # BUG

def train(epoch, model, optimizer, features, adj, labels, idx_train):
    model.train()
    optimizer.zero_grad()
    output = model(features, adj)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()

model = GCN(1433, 16, 7, 0.5)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
features, adj, labels, idx = load_data()
for epoch in range(200):
    train(epoch, model, optimizer, features, adj, labels, idx)
#%% correct: log_softmax
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.nll_loss(F.log_softmax(model(x), dim=1), y).backward()
    o.step()
#%% correct: layer
model = nn.Sequential(nn.Linear(20, 5), nn.LogSoftmax(dim=1))
crit = nn.NLLLoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x), y).backward()
    o.step()
#%% correct: log of clamped softmax
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    logp = torch.log(F.softmax(model(x), dim=1).clamp(min=1e-8))
    F.nll_loss(logp, y).backward()
    o.step()
#%% correct: softmax returned by a graph network
#% file: train.py
import torch
from torch import nn
import torch.nn.functional as F

class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super(GCN, self).__init__()
        self.lin1 = nn.Linear(nfeat, nhid)
        self.lin2 = nn.Linear(nhid, nclass)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(self.lin1(torch.spmm(adj, x)))
        x = F.dropout(x, self.dropout, training=self.training)
        x = self.lin2(torch.spmm(adj, x))
        return F.log_softmax(x, dim=1)

def train(epoch, model, optimizer, features, adj, labels, idx_train):
    model.train()
    optimizer.zero_grad()
    output = model(features, adj)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()

model = GCN(1433, 16, 7, 0.5)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
features, adj, labels, idx = load_data()
for epoch in range(200):
    train(epoch, model, optimizer, features, adj, labels, idx)
