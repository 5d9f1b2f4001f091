using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The tensors of one network by name. All trained tensors are views of a single flat buffer, so that the optimizer, the average and the
/// gradient norm take a few operations over one vector instead of a few per tensor.
/// </summary>
public sealed class Weights : IDisposable
{
    private readonly Dictionary<string, Tensor> _views = [];
    private readonly List<string> _trained = [];
    private readonly List<string> _constants = [];
    private readonly bool _borrowed;

    private Weights(WeightSpec spec, Device device, ScalarType type)
    {
        using var scope = NewDisposeScope();
        long total = 0;
        foreach (var entry in spec.Entries.Where(entry => entry.Trained))
            total += Count(entry.Shape);
        Flat = zeros(total, dtype: type, device: device).DetachFromDisposeScope();

        long offset = 0;
        foreach (var entry in spec.Entries)
        {
            if (entry.Trained)
            {
                var count = Count(entry.Shape);
                _views[entry.Name] = Flat.narrow(0, offset, count).view(entry.Shape).detach().DetachFromDisposeScope();
                _trained.Add(entry.Name);
                offset += count;
            }
            else
            {
                _views[entry.Name] = zeros(entry.Shape, dtype: type, device: device).DetachFromDisposeScope();
                _constants.Add(entry.Name);
            }
        }
    }

    private Weights(Weights owner, Precision precision)
    {
        (Flat, Gradient, Precision, _borrowed) = (owner.Flat, owner.Gradient, precision, true);
        (_views, _trained, _constants) = (owner._views, owner._trained, owner._constants);
    }

    /// <summary>Every trained value, [n].</summary>
    public Tensor Flat { get; }

    /// <summary>The gradient of <see cref="Flat"/>, once <see cref="Train"/> has been called.</summary>
    public Tensor? Gradient { get; private set; }

    /// <summary>The tensor of a name.</summary>
    public Tensor this[string name] => _views[name];

    /// <summary>The device of the tensors.</summary>
    public Device Device => Flat.device;

    /// <summary>float32, or float64 for exact checks; random numbers and tables are made in float32 and then converted.</summary>
    public ScalarType Type => Flat.dtype;

    /// <summary>The arithmetic of matrix products with these weights.</summary>
    public Precision Precision { get; set; } = Precision.Full;

    /// <summary>Recomputes the activations of the network's blocks in the backward pass; null: all activations are kept.</summary>
    public Recomputation? Recomputation { get; set; }

    /// <summary>The same tensors with another precision of products. They stay the property of this object.</summary>
    public Weights With(Precision precision) => new(this, precision);

    /// <summary>The initial weights of a network.</summary>
    public static Weights Initialise(WeightSpec spec, RandomSource random, Device device, ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var weights = new Weights(spec, device, type);
        foreach (var entry in spec.Entries)
        {
            // A scope for each tensor: the values of all of them would be another set of weights.
            using var one = NewDisposeScope();
            weights[entry.Name].copy_(entry.Initial.Create(entry.Name, entry.Shape, random));
        }
        return weights;
    }

    /// <summary>Loads weights. The file must hold all declared tensors, and no others except those declared unused.</summary>
    /// <exception cref="LabException">A tensor is missing, unknown, of another shape, or contains values that are not finite.</exception>
    public static Weights Load(WeightSpec spec, TensorFile file, Device device, ScalarType type = ScalarType.Float32)
    {
        var surplus = file.Tensors.Keys.Except(spec.Entries.Select(entry => entry.Name)).Except(spec.UnusedNames)
            .Order(StringComparer.Ordinal).ToList();
        if (surplus.Count > 0)
        {
            throw new LabException($"{file.Path} holds tensors that the network does not have: {string.Join(", ", surplus.Take(5))}"
                + file.NestingAdvice(spec.PublishedNames));
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var weights = new Weights(spec, device, type);
        foreach (var entry in spec.Entries)
        {
            if (!entry.Published && !file.Tensors.ContainsKey(entry.Name))
            {
                weights[entry.Name].copy_(entry.Initial.Create(entry.Name, entry.Shape, new RandomSource(0, device)));
                continue;
            }

            var value = file.Stored(entry.Name);
            if (!value.Shape.SequenceEqual(entry.Shape))
            {
                throw new LabException($"{file.Path}: '{entry.Name}' is [{string.Join(", ", value.Shape)}] where the network has "
                    + $"[{string.Join(", ", entry.Shape)}]");
            }

            value.CopyTo(weights[entry.Name]);
        }
        var damaged = weights.NotFinite();
        return damaged.Count == 0 ? weights : throw new LabException(
            $"{file.Path} holds NaN or infinite values in {string.Join(", ", damaged.Take(5).Select(name => $"'{name}'"))}"
            + $"{(damaged.Count > 5 ? ", …" : "")}: the training that wrote the file diverged, or the file is damaged. Use other weights");
    }

    /// <summary>
    /// Copies every tensor that <paramref name="source"/> has under the same name and shape, and leaves all others unchanged. This
    /// initialises a mean-flow network from a teacher.
    /// </summary>
    public void CopyMatching(Weights source)
    {
        using var quiet = no_grad();
        foreach (var (name, view) in _views)
        {
            if (source._views.TryGetValue(name, out var value) && value.shape.SequenceEqual(view.shape))
                view.copy_(value);
        }
    }

    /// <summary>Copies all values of weights with the same spec.</summary>
    public void CopyFrom(Weights source)
    {
        using var quiet = no_grad();
        Flat.copy_(source.Flat);
        CopyConstants(source);
    }

    /// <summary>Copies the values without gradient, such as running statistics.</summary>
    public void CopyConstants(Weights source)
    {
        using var quiet = no_grad();
        foreach (var name in _constants)
            _views[name].copy_(source[name]);
    }

    /// <summary>A separate copy of some of the tensors, on the same device.</summary>
    /// <param name="spec">Tensors that are all in these weights.</param>
    public Weights Part(WeightSpec spec)
    {
        var part = new Weights(spec, Device, Type);
        part.CopyMatching(this);
        return part;
    }

    /// <summary>A separate copy with the same spec.</summary>
    public Weights Clone(WeightSpec spec)
    {
        var copy = new Weights(spec, Device, Type) { Precision = Precision };
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>Enables gradients. They accumulate in <see cref="Gradient"/>: the gradient of each parameter is a view of it.</summary>
    public void Train()
    {
        using var scope = NewDisposeScope();
        Gradient = zeros_like(Flat).DetachFromDisposeScope();
        long offset = 0;
        foreach (var name in _trained)
        {
            var view = _views[name];
            view.requires_grad_(true);
            view.grad = Gradient.narrow(0, offset, view.numel()).view(view.shape);
            offset += view.numel();
        }
    }

    /// <summary>Adds the gradient of a loss to <see cref="Gradient"/>.</summary>
    /// <param name="again">Whether the gradient of another loss of the same evaluation follows.</param>
    public void Backward(Tensor loss, bool again = false)
    {
        if (Recomputation is { } recomputation)
            recomputation.Backward(loss, again);
        else
            loss.backward(retain_graph: again);
    }

    /// <summary>Writes all tensors to a safetensors file.</summary>
    public void Save(string path, IReadOnlyDictionary<string, string> metadata) =>
        Safetensors.Write(path, [.. _trained.Concat(_constants).Select(name => (name, _views[name]))], metadata);

    /// <summary>The names of tensors with values that are not finite.</summary>
    public IReadOnlyList<string> NotFinite() => Finite.IsFinite(Flat) && _constants.All(name => Finite.IsFinite(_views[name]))
        ? []
        : [.. _views.Where(view => !Finite.IsFinite(view.Value)).Select(view => view.Key)];

    /// <summary>The constants by name, for checkpoints.</summary>
    public IEnumerable<(string Name, Tensor Value)> Constants() => _constants.Select(name => (name, _views[name]));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_borrowed)
            return;
        foreach (var view in _views.Values)
            view.Dispose();
        Gradient?.Dispose();
        Flat.Dispose();
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (product, extent) => product * extent);
}
