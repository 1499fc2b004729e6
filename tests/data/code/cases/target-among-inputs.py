#%% buggy: last column
table = torch.randn(500, 9)
rows = TensorDataset(table, table[:, -1])  # BUG
#%% buggy: numpy
import numpy as np
table = np.random.rand(500, 9)
rows = TensorDataset(torch.from_numpy(table).float(), torch.from_numpy(table[:, 0]).float())  # BUG
#%% buggy: named
table = torch.randn(500, 9)
x, y = table.float(), table[:, 8].float()
rows = TensorDataset(x, y)  # BUG
#%% correct: column left out
table = torch.randn(500, 9)
rows = TensorDataset(table[:, :-1], table[:, -1])
#%% correct: autoencoder
table = torch.randn(500, 9)
rows = TensorDataset(table, table)
#%% correct: other table
table, targets = torch.randn(500, 9), torch.randn(500, 3)
rows = TensorDataset(table, targets[:, 0])
