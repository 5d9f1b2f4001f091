using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>Names, shapes and initial values of a network's parameters and constants, in the order they are declared.</summary>
public sealed class WeightSpec
{
    private readonly List<Entry> _entries = [];
    private readonly HashSet<string> _unused = [];
    private readonly List<Layer> _layers = [];
    private readonly List<AttentionLayer> _attention = [];

    internal IReadOnlyList<Entry> Entries => _entries;

    /// <summary>The names of the tensors that published files contain.</summary>
    internal string[] PublishedNames => [.. _entries.Where(entry => entry.Published).Select(entry => entry.Name)];

    /// <summary>The layers that multiply by a declared weight, for <see cref="NetworkCost"/>.</summary>
    internal IReadOnlyList<Layer> Layers => _layers;

    internal IReadOnlyList<AttentionLayer> AttentionLayers => _attention;

    internal IReadOnlySet<string> UnusedNames => _unused;

    /// <summary>A trained tensor.</summary>
    public void Parameter(string name, long[] shape, Initial initial) => _entries.Add(new(name, shape, initial, Trained: true));

    /// <summary>A tensor without gradient: training does not change it, or updates it directly (running statistics).</summary>
    /// <param name="published">Whether published files contain the tensor; a file that lacks another has its initial value.</param>
    public void Constant(string name, long[] shape, Initial initial, bool published = true) =>
        _entries.Add(new(name, shape, initial, Trained: false, published));

    /// <summary>Tensors of released files that the network does not use; a file may lack them.</summary>
    public void Unused(params IEnumerable<string> names) => _unused.UnionWith(names);

    /// <summary>weight [outputs, inputs] and bias [outputs].</summary>
    /// <param name="times">The number of vectors of one sample that pass through the layer; null: the cost of the network is
    /// unknown.</param>
    public void Linear(string name, long inputs, long outputs, Initial? initial = null, long? times = null)
    {
        Parameter(name + ".weight", [outputs, inputs], initial ?? Initial.Xavier(inputs, outputs));
        Parameter(name + ".bias", [outputs], Initial.Zero);
        _layers.Add(new(name, inputs, outputs, times));
    }

    /// <summary>weight [outputs, inputs, height, width], and a bias unless a norm follows.</summary>
    /// <param name="times">The number of places of one sample at which the layer is applied; null: the cost of the network is
    /// unknown.</param>
    public void Convolution(
        string name, long inputs, long outputs, long height, long width, bool bias = true, Initial? initial = null, long? times = null)
    {
        var deviation = Math.Sqrt(2.0 / (inputs * height * width));
        Parameter(name + ".weight", [outputs, inputs, height, width], initial ?? Initial.Normal(deviation));
        if (bias)
            Parameter(name + ".bias", [outputs], Initial.Zero);
        _layers.Add(new(name, inputs * height * width, outputs, times));
    }

    /// <summary>Attention between all tokens of a sample, which has no weights.</summary>
    public void Attention(long tokens, long width, long heads) => _attention.Add(new(tokens, width, heads));

    /// <summary>weight 1 and bias 0 of a normalisation over <paramref name="width"/> channels.</summary>
    public void Norm(string name, long width)
    {
        Parameter(name + ".weight", [width], Initial.One);
        Parameter(name + ".bias", [width], Initial.Zero);
    }

    internal sealed record Entry(string Name, long[] Shape, Initial Initial, bool Trained, bool Published = true);

    /// <param name="Times">Vectors of one sample that the layer maps from <paramref name="Inputs"/> to <paramref name="Outputs"/>
    /// values.</param>
    internal sealed record Layer(string Name, long Inputs, long Outputs, long? Times);

    internal sealed record AttentionLayer(long Tokens, long Width, long Heads);

    /// <summary>The initial values of a tensor.</summary>
    public abstract record Initial
    {
        /// <summary>All zeros.</summary>
        public static readonly Initial Zero = new Fixed(0);

        /// <summary>All ones.</summary>
        public static readonly Initial One = new Fixed(1);

        /// <summary>Normal numbers of mean 0 with this standard deviation.</summary>
        public static Initial Normal(double deviation) => new Gaussian(deviation);

        /// <summary>Uniform with the variance 2 / (inputs + outputs).</summary>
        public static Initial Xavier(long inputs, long outputs) => new Uniform(Math.Sqrt(6.0 / (inputs + outputs)));

        /// <summary>Given values.</summary>
        public static Initial Values(Func<Tensor> make) => new Made(make);

        internal abstract Tensor Create(string name, long[] shape, RandomSource random);

        private sealed record Fixed(double Value) : Initial
        {
            internal override Tensor Create(string name, long[] shape, RandomSource random) => full(shape, Value, dtype: float32);
        }

        private sealed record Gaussian(double Deviation) : Initial
        {
            internal override Tensor Create(string name, long[] shape, RandomSource random) =>
                random.Normal("initialise " + name, 0, shape) * Deviation;
        }

        private sealed record Uniform(double Bound) : Initial
        {
            internal override Tensor Create(string name, long[] shape, RandomSource random) =>
                (random.Uniform("initialise " + name, 0, shape) * (2 * Bound)) - Bound;
        }

        private sealed record Made(Func<Tensor> Make) : Initial
        {
            internal override Tensor Create(string name, long[] shape, RandomSource random) => Make().reshape(shape);
        }
    }
}

/// <summary>The cost of a network, computed from its declaration without making a tensor.</summary>
/// <param name="Parameters">Trained values.</param>
/// <param name="Constants">Values without gradient.</param>
/// <param name="Forward">Multiply-adds of one evaluation for one sample.</param>
/// <param name="Kept">
/// Values that one evaluation for one sample keeps for its backward pass. An estimate: element-wise operations keep values too, in
/// proportion to those of the neighbouring layers.
/// </param>
public sealed record NetworkCost(long Parameters, long Constants, MultiplyAdds Forward, double Kept)
{
    // Counted by hand on a DiT block of width d, per token: norms, modulation, gates, SwiGLU and rotary positions keep 26.7 d where
    // the inputs and outputs of its linear layers are 16 d.
    private const double KeptPerLayerValue = 5.0 / 3;

    /// <summary>All values in a file of the weights.</summary>
    public long Values => Parameters + Constants;

    /// <summary>The cost of a declared network.</summary>
    /// <exception cref="InvalidOperationException">The declaration of a layer lacks the number of applications.</exception>
    public static NetworkCost Of(WeightSpec spec)
    {
        double linear = 0, values = 0, attention = 0, maps = 0;
        foreach (var layer in spec.Layers)
        {
            double times = layer.Times
                ?? throw new InvalidOperationException($"the declaration of {layer.Name} lacks the number of applications");
            linear += times * layer.Inputs * layer.Outputs;
            values += times * (layer.Inputs + layer.Outputs);
        }

        foreach (var mixing in spec.AttentionLayers)
        {
            double pairs = (double)mixing.Tokens * mixing.Tokens;
            attention += 2 * pairs * mixing.Width;
            maps += pairs * mixing.Heads;
        }

        return new(
            Count(spec, trained: true), Count(spec, trained: false), new(linear, attention), (KeptPerLayerValue * values) + maps);
    }

    private static long Count(WeightSpec spec, bool trained) => spec.Entries
        .Where(entry => entry.Trained == trained)
        .Sum(entry => entry.Shape.Aggregate(1L, (product, extent) => product * extent));
}

/// <summary>Multiply-adds, counted in two conventions (docs/method.md §7).</summary>
/// <param name="Linear">Multiply-adds of layers with weights, per-token modulation included: the paper's convention.</param>
/// <param name="Attention">Multiply-adds of queries with keys and of attention weights with values, which the paper does not count.</param>
public readonly record struct MultiplyAdds(double Linear, double Attention)
{
    /// <summary>The sum of both.</summary>
    public double Total => Linear + Attention;

    /// <summary>The sum of two counts.</summary>
    public static MultiplyAdds operator +(MultiplyAdds left, MultiplyAdds right) => new(left.Linear + right.Linear, left.Attention + right.Attention);

    /// <summary>A multiple of a count.</summary>
    public static MultiplyAdds operator *(double factor, MultiplyAdds products) => new(factor * products.Linear, factor * products.Attention);
}
