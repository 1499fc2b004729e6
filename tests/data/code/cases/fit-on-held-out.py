#%% buggy: labels
from sklearn.preprocessing import LabelEncoder

def encode(train, test):
    le = LabelEncoder()
    y_train = le.fit_transform(train["label"])
    y_test = le.fit_transform(test["label"])  # BUG
    return y_train, y_test
#%% buggy: fit and transform
from sklearn.feature_extraction.text import CountVectorizer

def vectors(train_texts, val_texts):
    vectorizer = CountVectorizer()
    vectorizer.fit(train_texts)
    a = vectorizer.transform(train_texts)
    b = vectorizer.fit_transform(val_texts)  # BUG
    return a, b
#%% correct: transform
from sklearn.preprocessing import StandardScaler

def scale(x_train, x_test):
    scaler = StandardScaler()
    return scaler.fit_transform(x_train), scaler.transform(x_test)
#%% correct: two scalers
from sklearn.preprocessing import StandardScaler

def scale(x_train, y_train):
    return StandardScaler().fit_transform(x_train), StandardScaler().fit_transform(y_train)
#%% correct: folds
from sklearn.preprocessing import StandardScaler

def folds(parts):
    scaler = StandardScaler()
    for x_train, x_val in parts:
        a = scaler.fit_transform(x_train)
        b = scaler.transform(x_val)
        yield a, b
#%% buggy: another object
from sklearn.preprocessing import LabelEncoder

def encode(names_train, names_val):
    y = LabelEncoder().fit_transform(names_train)
    z = LabelEncoder().fit_transform(names_val)  # BUG
    return y, z
