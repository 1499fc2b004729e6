#%% buggy: momentum of one
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.01, momentum=1.0)  # BUG
#%% buggy: swapped betas
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.999, 0.9))  # BUG
#%% buggy: never forgets
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9999, nesterov=True)  # BUG
#%% correct: defaults
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.95))
#%% correct: generator of a gan
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))
#%% correct: high momentum
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.99)
