"""Start weights for a tiny Llama that already hold a copy circuit; everything is trained afterwards.

A head of layer 0 attends to the previous token and writes its identity into a slot of the residual stream; the heads of
layer 1 look for the place where the present token was the previous one, and copy what followed ("induction heads",
Olsson et al., "In-context Learning and Induction Heads", 2022). From plain random weights that circuit is the slow part
of learning to copy: three such starts had not found it after ten CPU-minutes.
"""

SCORE = 80.0  # of the previous token, before the softmax: enough to leave the others nothing
CONSTANT = 0.3  # dimension 0 of every embedding, so that a head can attend by position alone
SPREAD = 0.1  # standard deviation of the other dimensions of an embedding
SLOT = 0.12  # how strongly the previous token is written into the slot
MATCH = 2.0  # how sharply layer 1 looks for it
COPY = 0.3  # how strongly layer 1 writes what it found


def write_copy_circuit(model) -> None:
    """Overwrite the start weights of layers 0 and 1 and the embedding of a LlamaForCausalLM, in place."""
    import torch

    config = model.config
    width, heads = config.hidden_size, config.num_attention_heads
    size = width // heads  # of a head
    half = size // 2  # pairs of rotary dimensions
    identity = width - size  # dimensions below are the token's identity, those above the slot
    rng = torch.Generator().manual_seed(0)

    def orthogonal(n):
        return torch.linalg.qr(torch.randn(n, n, generator=rng))[0]

    with torch.no_grad():
        embedding = model.model.embed_tokens.weight
        embedding.copy_(torch.randn(embedding.shape, generator=rng) * SPREAD)
        embedding[:, 0] = CONSTANT
        embedding[:, identity:] = 0
        # what CONSTANT becomes after the RMS norm
        normed = CONSTANT / ((SPREAD**2 * (identity - 1) + CONSTANT**2) / width) ** 0.5
        angles = model.model.rotary_emb.inv_freq[:half].float()
        project = torch.zeros(size, width)
        project[:, 1:identity] = torch.linalg.qr(torch.randn(identity - 1, size, generator=rng))[0].T

        first = model.model.layers[0].self_attn
        gain = SCORE**0.5 / normed
        for weight in (first.q_proj.weight, first.k_proj.weight):
            weight[:size] *= 0.1
        # a query turned back by one position meets the key of the token before
        first.q_proj.weight[:size, 0] = gain * torch.cat([torch.cos(angles), -torch.sin(angles)])
        first.k_proj.weight[:size, 0] = gain * torch.cat([torch.ones(half), torch.zeros(half)])
        first.v_proj.weight[:size] = project
        first.o_proj.weight[:, :size] = 0
        first.o_proj.weight[identity:, :size] = torch.eye(size) * SLOT

        second = model.model.layers[1].self_attn
        slow = torch.tensor([float(pair >= half // 2) for pair in range(half)] * 2)  # content match survives distance
        basis = torch.zeros(width - 1, width)
        basis[: identity - 1, 1:identity] = orthogonal(identity - 1)
        share = (identity - 1) // heads  # dimensions of the identity that each head copies
        for head in range(heads):
            rows = slice(head * size, (head + 1) * size)
            match = orthogonal(size) * slow[:, None] * MATCH
            second.q_proj.weight[rows] = match @ project
            second.k_proj.weight[rows] = 0
            second.k_proj.weight[rows, identity:] = match
            copied = torch.zeros(size, width)
            copied[:share] = basis[head * share : (head + 1) * share]
            second.v_proj.weight[rows] = copied
            second.o_proj.weight[:, rows] = copied.T * COPY
