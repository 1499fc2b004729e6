#%% buggy: repeated ids
import numpy as np
from sklearn.model_selection import train_test_split
patient = np.repeat(np.arange(40), 25)
x = np.random.randn(1000, 8)
x_train, x_test = train_test_split(x, test_size=0.2)  # BUG
print(patient.shape)
#%% buggy: column
import pandas as pd
from sklearn.model_selection import train_test_split

def parts(df):
    speaker = df["speaker_id"].values
    train, test = train_test_split(df, test_size=0.2)  # BUG
    return train, test, speaker
#%% correct: groups split
import numpy as np
from sklearn.model_selection import train_test_split
patient = np.repeat(np.arange(40), 25)
x = np.random.randn(1000, 8)
train_patients, test_patients = train_test_split(np.unique(patient), test_size=0.2)
x_train, x_test = x[np.isin(patient, train_patients)], x[np.isin(patient, test_patients)]
#%% correct: no groups
import numpy as np
from sklearn.model_selection import train_test_split
x = np.random.randn(1000, 8)
x_train, x_test = train_test_split(x, test_size=0.2)
