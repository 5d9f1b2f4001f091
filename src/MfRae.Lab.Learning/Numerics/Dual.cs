using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// A value and its derivative along one direction, carried through a computation together (forward-mode differentiation,
/// docs/method.md §3). A null tangent is a derivative of zero: then every operation computes only the primal, so that a network is
/// written once. Primals keep their graph if the caller has gradients enabled; tangents never have a graph. Intermediate values of a
/// tangent are freed at once.
/// </summary>
/// <param name="Primal">The value, [B, …]; a constant may lack the dimension of samples or have one for all.</param>
/// <param name="Tangent">
/// The derivative, of the same shape; or the derivative of the first n samples, [n, …], where only these need one; or null for zero.
/// </param>
public readonly record struct Dual(Tensor Primal, Tensor? Tangent)
{
    private const double GeluCube = 0.044715;
    private static readonly double GeluScale = Math.Sqrt(2 / Math.PI);

    /// <summary>A constant: a value without tangent.</summary>
    public static implicit operator Dual(Tensor constant) => new(constant, null);

    /// <summary>The sum, with broadcasting.</summary>
    public static Dual operator +(Dual a, Dual b)
    {
        var primal = a.Primal + b.Primal;
        if (a.Tangent is null || b.Tangent is null)
            return new(primal, Broadcast(a.Tangent ?? b.Tangent, primal));
        using var quiet = no_grad();
        return new(primal, a.Tangent + b.Tangent);
    }

    /// <summary>The sum with a constant.</summary>
    public static Dual operator +(Dual a, double b) => new(a.Primal + b, a.Tangent);

    /// <summary>The difference, with broadcasting.</summary>
    public static Dual operator -(Dual a, Dual b)
    {
        var primal = a.Primal - b.Primal;
        if (b.Tangent is null)
            return new(primal, Broadcast(a.Tangent, primal));
        using var quiet = no_grad();
        return new(primal, a.Tangent is null ? Broadcast(-b.Tangent, primal) : a.Tangent - b.Tangent);
    }

    /// <summary>A multiple.</summary>
    public static Dual operator *(Dual a, double b) => a.Map(x => x * b);

    /// <summary>The element-wise product, with broadcasting.</summary>
    public static Dual operator *(Dual a, Dual b)
    {
        var primal = a.Primal * b.Primal;
        if (a.Tangent is null && b.Tangent is null)
            return primal;
        using var quiet = no_grad();
        return new(primal, ProductTangent(a, b));
    }

    /// <summary>a + b c in one operation.</summary>
    public static Dual AddProduct(Dual a, Dual b, Dual c)
    {
        var primal = addcmul(a.Primal, b.Primal, c.Primal, 1);
        if (b.Tangent is null && c.Tangent is null)
            return new(primal, Broadcast(a.Tangent, primal));
        using var quiet = no_grad();
        if (a.Tangent is null)
            return new(primal, Broadcast(ProductTangent(b, c), primal));
        if (b.Tangent is null)
            return new(primal, addcmul(a.Tangent, First(b.Primal, c.Tangent!), c.Tangent!, 1));
        var tangent = addcmul(a.Tangent, b.Tangent, First(c.Primal, b.Tangent), 1);
        return new(primal, c.Tangent is null ? tangent : tangent.addcmul_(First(b.Primal, c.Tangent), c.Tangent, 1));
    }

    /// <summary>Two values joined along a dimension.</summary>
    public static Dual Cat(Dual a, Dual b, long dimension)
    {
        var primal = cat([a.Primal, b.Primal], dimension);
        if (a.Tangent is null && b.Tangent is null)
            return primal;
        using var quiet = no_grad();
        return new(primal, cat(
            [a.Tangent ?? zeros_like(First(a.Primal, b.Tangent!)), b.Tangent ?? zeros_like(First(b.Primal, a.Tangent!))], dimension));
    }

    /// <summary>Applies a linear map of each sample to primal and tangent.</summary>
    public Dual Map(Func<Tensor, Tensor> linear)
    {
        var primal = linear(Primal);
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        return new(primal, linear(Tangent));
    }

    /// <summary>[..., inputs] → [..., outputs] by weight [outputs, inputs] and bias [outputs].</summary>
    public Dual Linear(Tensor weight, Tensor bias, Precision precision)
    {
        if (Tangent is null)
            return precision.Linear(Primal, weight, bias);
        var factor = precision.Round(weight);
        var primal = precision.Linear(Primal, factor, bias);
        using var quiet = no_grad();
        return new(primal, F.linear(precision.Round(Tangent), factor));
    }

    /// <summary>The matrix product; its operands are rounded to the precision.</summary>
    public Dual MatMul(Dual other, Precision precision)
    {
        var (a, b) = (Rounded(precision), other.Rounded(precision));
        var primal = a.Primal.matmul(b.Primal);
        if (a.Tangent is null && b.Tangent is null)
            return primal;
        using var quiet = no_grad();
        var left = a.Tangent?.matmul(First(b.Primal, a.Tangent));
        if (b.Tangent is null)
            return new(primal, left);
        var right = First(a.Primal, b.Tangent).matmul(b.Tangent);
        if (left is null)
            return new(primal, right);
        left.add_(right);
        right.Dispose();
        return new(primal, left);
    }

    /// <summary>Equal parts along a dimension.</summary>
    public Dual[] Chunk(int count, long dimension) => Parts(x => x.chunk(count, dimension));

    /// <summary>Applies the same split to primal and tangent.</summary>
    public Dual[] Parts(Func<Tensor, Tensor[]> cut)
    {
        var primals = cut(Primal);
        var tangents = Tangent is null ? null : cut(Tangent);
        return [.. primals.Select((primal, i) => new Dual(primal, tangents?[i]))];
    }

    /// <summary>The sine of each element.</summary>
    public Dual Sin()
    {
        var primal = Primal.sin();
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        return new(primal, First(Primal, Tangent).cos().mul_(Tangent));
    }

    /// <summary>The cosine of each element.</summary>
    public Dual Cos()
    {
        var primal = Primal.cos();
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        return new(primal, First(Primal, Tangent).sin().neg_().mul_(Tangent));
    }

    /// <summary>x σ(x), whose derivative is σ + x σ (1 - σ).</summary>
    public Dual Silu()
    {
        var primal = F.silu(Primal);
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        var slope = First(Primal, Tangent).sigmoid();
        using var rest = 1 - slope;
        return new(primal, slope.addcmul_(First(primal, Tangent), rest, 1).mul_(Tangent));
    }

    /// <summary>
    /// GELU by its tanh formula, x (1 + tanh a) / 2 with a = √(2/π) (x + 0.044715 x³); its derivative is
    /// (1 + tanh a + x (1 - tanh² a) a') / 2.
    /// </summary>
    public Dual Gelu()
    {
        var primal = F.gelu(Primal, TorchSharp.Modules.GELU.Approximate.tanh);
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var x = First(Primal, Tangent);
        var square = x.square();
        var th = (x * ((square * GeluCube) + 1) * GeluScale).tanh();
        var rise = ((square * (3 * GeluCube)) + 1) * GeluScale;
        var slope = ((1 + th) + (x * (1 - th.square()) * rise)) * 0.5;
        return new(primal, (slope * Tangent).MoveToOuterDisposeScope());
    }

    /// <summary>Softmax p over the last dimension; its tangent is p (x' - Σ p x').</summary>
    public Dual Softmax()
    {
        var primal = F.softmax(Primal, -1);
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        var first = First(primal, Tangent);
        var tangent = first * Tangent;
        using var sum = tangent.sum(-1, keepdim: true);
        return new(primal, tangent.addcmul_(first, sum, -1));
    }

    /// <summary>
    /// x / sqrt(mean x² + epsilon) · weight over the last dimension; the tangent of x̂ = x / sqrt(…) is (x' - x̂ mean(x̂ x')) / sqrt(…).
    /// </summary>
    public Dual RmsNorm(Tensor weight, double epsilon)
    {
        var inverse = Primal.square().mean([-1], keepdim: true).add_(epsilon).rsqrt_();
        var normal = Primal * inverse;
        var primal = normal * weight;
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        var first = First(normal, Tangent);
        using var product = first * Tangent;
        using var mean = product.mean([-1], keepdim: true);
        return new(primal, addcmul(Tangent, first, mean, -1).mul_(First(inverse, Tangent)).mul_(weight));
    }

    /// <summary>
    /// Normalisation over the last dimension without affine, x̂ = (x - mean x) / sqrt(var x + epsilon); its tangent is
    /// (x' - mean x' - x̂ mean(x̂ x')) / sqrt(…).
    /// </summary>
    public Dual LayerNorm(double epsilon)
    {
        var primal = F.layer_norm(Primal, [Primal.shape[^1]], null, null, epsilon);
        if (Tangent is null)
            return primal;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var (x, normal) = (First(Primal, Tangent), First(primal, Tangent));
        var inverse = x.var([-1], unbiased: false, keepdim: true).add_(epsilon).rsqrt_();
        var centred = Tangent - Tangent.mean([-1], keepdim: true);
        var along = (normal * centred).mean([-1], keepdim: true);
        return new(primal, addcmul(centred, normal, along, -1).mul_(inverse).MoveToOuterDisposeScope());
    }

    private Dual Rounded(Precision precision) => new(precision.Round(Primal), Tangent is null ? null : precision.Round(Tangent));

    private static Tensor ProductTangent(Dual a, Dual b)
    {
        if (a.Tangent is null)
            return First(a.Primal, b.Tangent!) * b.Tangent!;
        var tangent = a.Tangent * First(b.Primal, a.Tangent);
        return b.Tangent is null ? tangent : tangent.addcmul_(First(a.Primal, b.Tangent), b.Tangent, 1);
    }

    /// <summary>
    /// The samples that have a tangent. Values without a dimension of samples, or with one value for all, are returned unchanged.
    /// </summary>
    private static Tensor First(Tensor primal, Tensor tangent)
    {
        var (samples, some) = (primal.size(0), tangent.size(0));
        return samples == some || samples == 1 || primal.dim() < tangent.dim() ? primal : primal.narrow(0, 0, some);
    }

    /// <summary>A tangent, broadcast to the shape of its value.</summary>
    private static Tensor? Broadcast(Tensor? tangent, Tensor primal) => tangent?.expand_as(First(primal, tangent));
}
