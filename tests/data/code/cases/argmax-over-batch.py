#%% buggy: method
model = nn.Linear(20, 5)
with torch.no_grad():
    for x, y in loader:
        guess = model(x).argmax(0)  # BUG
        print(guess)
#%% buggy: function
model = nn.Linear(20, 5)
for x, y in loader:
    print(torch.argmax(model(x), dim=0))  # BUG
#%% buggy: softmax and max
model = nn.Linear(20, 5)
for x, y in loader:
    p = F.softmax(model(x), dim=1)
    value, guess = torch.max(p, 0)  # BUG
#%% correct: classes
model = nn.Linear(20, 5)
for x, y in loader:
    print(model(x).argmax(1), torch.max(model(x), 1)[1])
#%% correct: one sample
model = nn.Linear(20, 5)
print(model(torch.randn(20)).argmax(0))
#%% correct: best sample of every class by mean
model = nn.Linear(20, 5)
for x, y in loader:
    print(model(x).mean(0).argmax(0))
