#%% buggy: batch
def learn(memory, q, target_net, gamma):
    s, a, r, n, done = memory.sample(32)
    with torch.no_grad():
        wanted = r + gamma * target_net(n).max(1)[0]  # BUG
    return F.mse_loss(q(s).gather(1, a), wanted)
#%% buggy: method
class Agent:
    def targets(self, batch):
        states, actions, rewards, next_states, dones = zip(*batch)
        values = self.critic(torch.stack(next_states)).detach()
        return torch.tensor(rewards) + self.gamma * values  # BUG
#%% buggy: one step
def update(env, critic, state, action, discount):
    next_state, reward, terminated, truncated, info = env.step(action)
    target = reward + discount * critic(next_state)  # BUG
    return (target - critic(state)) ** 2
#%% correct: masked
def learn(memory, q, target_net, gamma):
    s, a, r, n, done = memory.sample(32)
    with torch.no_grad():
        wanted = r + gamma * target_net(n).max(1)[0] * (1 - done)
    return F.mse_loss(q(s).gather(1, a), wanted)
#%% correct: set to zero
def learn(memory, q, target_net, gamma):
    s, a, r, n, done = memory.sample(32)
    after = target_net(n).max(1)[0].detach()
    after[done] = 0.0
    return F.mse_loss(q(s).gather(1, a), r + gamma * after)
#%% correct: masked beforehand
def learn(memory, q, target_net, gamma):
    s, a, r, n, not_done = memory.sample(32)
    return F.mse_loss(q(s).gather(1, a), r + gamma * not_done * target_net(n).max(1)[0].detach())
