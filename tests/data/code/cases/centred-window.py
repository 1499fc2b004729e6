#%% buggy: feature
import pandas as pd

def features(df):
    df["smooth"] = df["load"].rolling(5, center=True).mean()  # BUG
    return df.dropna()

def train(net, x, y, opt):
    loss = F.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: fitted
def fit(model, df, y):
    x = df.rolling(window=7, center=True).mean()  # BUG
    return model.fit(x, y)
#%% correct: past only
def fit(model, df, y):
    x = df.shift(1).rolling(window=7).mean()
    return model.fit(x, y)
#%% correct: a picture
def draw(df, axes):
    axes.plot(df.rolling(7, center=True).mean())
