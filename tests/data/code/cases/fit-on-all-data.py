#%% buggy: scaler
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
import pandas as pd
df = pd.read_csv("a.csv")
X, y = df.drop(columns="t").values, df["t"].values
X = StandardScaler().fit_transform(X)  # BUG
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2)
#%% buggy: fit then transform
from sklearn.preprocessing import MinMaxScaler
from sklearn.model_selection import train_test_split
def load(X, y):
    scaler = MinMaxScaler()
    scaler.fit(X)  # BUG
    Xs = scaler.transform(X)
    return train_test_split(Xs, y, random_state=0)
#%% buggy: pca and slices
from sklearn.decomposition import PCA
import numpy as np
X = np.load("x.npy")
Z = PCA(n_components=10).fit_transform(X)  # BUG
n = int(0.8 * len(Z))
train, test = Z[:n], Z[n:]
#%% correct: fitted on the training part
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
def load(X, y):
    X_train, X_test, y_train, y_test = train_test_split(X, y)
    scaler = StandardScaler()
    X_train = scaler.fit_transform(X_train)
    X_test = scaler.transform(X_test)
    return X_train, X_test
#%% correct: labels
from sklearn.preprocessing import LabelEncoder
from sklearn.model_selection import train_test_split
def load(X, y):
    y = LabelEncoder().fit_transform(y)
    return train_test_split(X, y, stratify=y)
#%% correct: split again inside the training part
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
def load(X, y):
    X_train, X_test, y_train, y_test = train_test_split(X, y)
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test), y_train, y_test
#%% buggy: standardised by hand
X = torch.load("x.pt")
mean, std = X.mean(dim=0), X.std(dim=0)
X = (X - mean) / (std + 1e-8)  # BUG
n = int(0.8 * len(X))
train, val = X[:n], X[n:]
#%% correct: statistics of the training part
X = torch.load("x.pt")
n = int(0.8 * len(X))
train, val = X[:n], X[n:]
mean, std = train.mean(dim=0), train.std(dim=0)
train, val = (train - mean) / std, (val - mean) / std
#%% correct: the unit of the target
x, demand = torch.randn(500, 20), torch.randn(500) * 40 + 200
y = (demand - demand.mean()) / demand.std()
x_train, x_val, y_train, y_val = x[:400], x[400:], y[:400], y[400:]
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for rows in torch.randperm(400).split(32):
        loss = F.mse_loss(model(x_train[rows]).squeeze(1), y_train[rows])
        o.zero_grad()
        loss.backward()
        o.step()
