#%% buggy: from_numpy
import numpy as np
x = torch.from_numpy(np.random.rand(100, 20))  # BUG
model = nn.Linear(20, 5)
model(x)
#%% buggy: data set
import numpy as np

class Waves(torch.utils.data.Dataset):
    def __init__(self):
        self.x = np.sin(np.linspace(0, 100, 2000)).reshape(100, 20)
    def __len__(self):
        return 100
    def __getitem__(self, i):
        return torch.tensor(self.x[i]), i % 5  # BUG

model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader(Waves(), batch_size=10, shuffle=True):
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% buggy: generator of numpy
import numpy as np
rng = np.random.default_rng(0)
signal = rng.normal(0, 1, (64, 1, 128)) + 0.1
net = nn.Conv1d(1, 8, 5)
net(torch.as_tensor(signal))  # BUG
#%% correct: float
import numpy as np
x = torch.from_numpy(np.random.rand(100, 20)).float()
nn.Linear(20, 5)(x)
#%% correct: cast in numpy
import numpy as np
x = torch.from_numpy(np.random.rand(100, 20).astype(np.float32))
nn.Linear(20, 5)(x)
#%% correct: double model
import numpy as np
x = torch.from_numpy(np.random.rand(100, 20))
model = nn.Linear(20, 5).double()
model(x)
#%% correct: type given, cast on the way
import numpy as np
x = torch.tensor(np.random.rand(100, 20), dtype=torch.float32)
z = torch.from_numpy(np.random.rand(100, 20)).to("cpu", torch.float32)
model = nn.Linear(20, 5)
model(x) + model(z)
