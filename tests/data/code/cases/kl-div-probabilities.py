#%% buggy: probabilities
teacher, student = Net(), Net()
o = torch.optim.Adam(student.parameters())
for x, _ in loader:
    with torch.no_grad():
        t = F.softmax(teacher.eval()(x), dim=1)
    o.zero_grad()
    F.kl_div(F.softmax(student(x), dim=1), t, reduction="batchmean").backward()  # BUG
    o.step()
#%% buggy: class with probabilities
kl = nn.KLDivLoss(reduction="batchmean")
teacher, student = Net(), Net()
o = torch.optim.Adam(student.parameters())
for x, _ in loader:
    o.zero_grad()
    s = student(x).softmax(-1)  # BUG
    loss = kl(s, teacher(x).softmax(-1).detach())
    loss.backward()
    o.step()
#%% buggy: both in log space
teacher, student = Net(), Net()
o = torch.optim.Adam(student.parameters())
for x, _ in loader:
    o.zero_grad()
    loss = F.kl_div(F.log_softmax(student(x), -1), F.log_softmax(teacher(x).detach(), -1), reduction="batchmean")  # BUG
    loss.backward()
    o.step()
#%% correct: log input
teacher, student = Net(), Net()
o = torch.optim.Adam(student.parameters())
for x, _ in loader:
    o.zero_grad()
    loss = F.kl_div(F.log_softmax(student(x), -1), F.softmax(teacher(x).detach(), -1), reduction="batchmean")
    loss.backward()
    o.step()
#%% correct: log target
teacher, student = Net(), Net()
o = torch.optim.Adam(student.parameters())
for x, _ in loader:
    o.zero_grad()
    loss = F.kl_div(F.log_softmax(student(x), -1), F.log_softmax(teacher(x).detach(), -1), reduction="batchmean", log_target=True)
    loss.backward()
    o.step()
#%% correct: class
kl = nn.KLDivLoss(reduction="batchmean", log_target=True)
teacher, student = Net(), Net()
o = torch.optim.Adam(student.parameters())
for x, _ in loader:
    o.zero_grad()
    loss = kl(F.log_softmax(student(x), -1), F.log_softmax(teacher(x).detach(), -1))
    loss.backward()
    o.step()
