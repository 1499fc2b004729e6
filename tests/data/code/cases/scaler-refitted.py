#%% buggy: scaler
from sklearn.preprocessing import StandardScaler
import numpy as np
x_train, x_test = np.random.rand(100, 5), np.random.rand(20, 5)
scaler = StandardScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.fit_transform(x_test)  # BUG
#%% buggy: two objects
from sklearn.preprocessing import MinMaxScaler

def scale(xtr, xte):
    a = MinMaxScaler().fit_transform(xtr)
    b = MinMaxScaler().fit_transform(xte)  # BUG
    return a, b
#%% correct: transform
from sklearn.preprocessing import StandardScaler

def scale(x_train, x_val):
    scaler = StandardScaler().fit(x_train)
    return scaler.transform(x_train), scaler.transform(x_val)
