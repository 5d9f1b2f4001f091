using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>Names, shapes and initial values of a network's parameters and constants, in the order they are declared.</summary>
public sealed class WeightSpec
{
    private readonly List<Entry> _entries = [];
    private readonly HashSet<string> _unused = [];

    internal IReadOnlyList<Entry> Entries => _entries;

    internal IReadOnlySet<string> UnusedNames => _unused;

    /// <summary>A trained tensor.</summary>
    public void Parameter(string name, long[] shape, Initial initial) => _entries.Add(new(name, shape, initial, Trained: true));

    /// <summary>A tensor that training does not touch, or changes by other means than gradients (running statistics).</summary>
    public void Constant(string name, long[] shape, Initial initial) => _entries.Add(new(name, shape, initial, Trained: false));

    /// <summary>Tensors that released files hold and the network does without; a file may have them or not.</summary>
    public void Unused(params IEnumerable<string> names) => _unused.UnionWith(names);

    /// <summary>weight [outputs, inputs] and bias [outputs].</summary>
    public void Linear(string name, long inputs, long outputs, Initial? initial = null)
    {
        Parameter(name + ".weight", [outputs, inputs], initial ?? Initial.Xavier(inputs, outputs));
        Parameter(name + ".bias", [outputs], Initial.Zero);
    }

    /// <summary>weight [outputs, inputs, height, width], and a bias unless a norm follows.</summary>
    public void Convolution(string name, long inputs, long outputs, long height, long width, bool bias = true)
    {
        Parameter(name + ".weight", [outputs, inputs, height, width], Initial.Normal(Math.Sqrt(2.0 / (inputs * height * width))));
        if (bias)
            Parameter(name + ".bias", [outputs], Initial.Zero);
    }

    /// <summary>weight 1 and bias 0 of a normalisation over <paramref name="width"/> channels.</summary>
    public void Norm(string name, long width)
    {
        Parameter(name + ".weight", [width], Initial.One);
        Parameter(name + ".bias", [width], Initial.Zero);
    }

    internal sealed record Entry(string Name, long[] Shape, Initial Initial, bool Trained);

    /// <summary>How a tensor starts.</summary>
    public abstract record Initial
    {
        public static readonly Initial Zero = new Fixed(0);
        public static readonly Initial One = new Fixed(1);

        public static Initial Normal(double deviation) => new Gaussian(deviation);

        /// <summary>Uniform with the variance 2 / (inputs + outputs).</summary>
        public static Initial Xavier(long inputs, long outputs) => new Uniform(Math.Sqrt(6.0 / (inputs + outputs)));

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
