import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
df = pd.read_csv("x.csv")
X = df.drop(columns=["y"]).values
y = df["y"].values
X_tr, X_te, y_tr, y_te = train_test_split(X, y)
sc = StandardScaler()
X_tr = sc.fit_transform(X_tr)
X_te = sc.transform(X_te)
m = LogisticRegression()
m.fit(X_tr, y_tr)
print(accuracy_score(y_te, m.predict(X_te)))
