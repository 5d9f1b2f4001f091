using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Derivatives;

/// <summary>Every kind of estimator, on a small network in float64 and a batch of which some samples have r = t.</summary>
[Scoped]
public sealed class EstimatorAgreementTests : IDisposable
{
    private const double Exact = 1e-11;

    // The truncation of a one-sided difference with the default δ (docs/method.md §3).
    private const double Approximate = 0.05;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly DitNetwork _network = new(TinyLatents.Sizes, new LatentShape(8, 2, 2), 3, interval: true);
    private readonly Weights _weights;
    private readonly Tensor _z, _w, _t, _r, _y, _spans;

    public EstimatorAgreementTests()
    {
        var random = new RandomSource(7, CPU);
        _weights = Weights.Initialise(_network.Declare(), random, CPU, ScalarType.Float64);
        using (no_grad())
            _weights.Flat.add_(random.Normal("perturb", 0, _weights.Flat.shape) * 0.1);
        (_z, _w) = (random.Normal("z", 0, 6, 8, 2, 2).to(float64), random.Normal("w", 0, 6, 8, 2, 2).to(float64));
        _t = tensor([0.3, 1.0, 0.9, 0.5, 0.998, 0.7]);
        _r = tensor([0.1, 0.0, 0.9, 0.499, 0.9, 0.7]);
        _y = tensor(new long[] { 0, 1, 2, 3, 0, 1 });
        _spans = (_r < _t).to(float64).view(-1, 1, 1, 1);
    }

    public static TheoryData<string> Files => Estimators.Files();

    public void Dispose()
    {
        _weights.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void It_gives_the_derivative_where_there_is_an_interval_and_zero_elsewhere(string file)
    {
        var estimator = IDerivative.Create(Estimators.Read(file));
        var derivative = estimator.Evaluate(U, _z, _w, _r, _t).Derivative;
        Distance(derivative * _spans, ByTwoReversePasses() * _spans).Should().BeLessThan(estimator is FiniteDifference ? Approximate : Exact);
        Largest(derivative * (1 - _spans)).Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void It_gives_the_value_and_the_gradient_of_a_plain_evaluation(string file)
    {
        _weights.Train();
        var plain = _network.AverageVelocity(_weights, _z, _r, _t, _y);
        plain.square().mean().backward();
        var gradient = _weights.Gradient!.clone();
        _weights.Gradient.zero_();

        var (value, derivative) = IDerivative.Create(Estimators.Read(file)).Evaluate(U, _z, _w, _r, _t);
        value.square().mean().backward();

        Distance(value, plain).Should().BeLessThan(Exact);
        Distance(_weights.Gradient, gradient).Should().BeLessThan(Exact);
        derivative.requires_grad.Should().BeFalse("the derivative is part of a target, which is held fixed");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void It_leaves_no_graph_where_gradients_are_off(string file)
    {
        _weights.Train();
        using var quiet = no_grad();
        var (value, derivative) = IDerivative.Create(Estimators.Read(file)).Evaluate(U, _z, _w, _r, _t);
        value.requires_grad.Should().BeFalse();
        derivative.requires_grad.Should().BeFalse();
        is_grad_enabled().Should().BeFalse("the caller's mode is the caller's");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_batch_of_intervals_alone_and_one_without_any_are_batches_too(string file)
    {
        var estimator = IDerivative.Create(Estimators.Read(file));
        var exact = new DoubleBackward().Evaluate(U, _z, _w, _t * 0.25, _t).Derivative;
        Distance(estimator.Evaluate(U, _z, _w, _t * 0.25, _t).Derivative, exact).Should().BeLessThan(Approximate);
        Largest(estimator.Evaluate(U, _z, _w, _t, _t).Derivative).Should().Be(0);
    }

    [Fact]
    public void Both_exact_estimators_agree_with_the_forward_mode_of_libtorch()
    {
        Requires.Linux("libtorch's forward-mode differentiation, which is reached by symbols of its Linux build");
        using var native = new NativeForwardMode();
        var expected = native.Unpack(_network.AverageVelocity(
            _weights, native.Dual(_z, _w), _r, native.Dual(_t, ones_like(_t)), _y)).Tangent * _spans;
        Distance(new ForwardMode().Evaluate(U, _z, _w, _r, _t).Derivative, expected).Should().BeLessThan(Exact);
        Distance(new DoubleBackward().Evaluate(U, _z, _w, _r, _t).Derivative, expected).Should().BeLessThan(Exact);
    }

    private NetworkVelocity U => new(_network, _weights, _y);

    // Written here once more, so that no estimator is compared with itself.
    private Tensor ByTwoReversePasses()
    {
        var (z, t) = (_z.clone().requires_grad_(true), _t.clone().requires_grad_(true));
        var u = _network.AverageVelocity(_weights, z, _r, t, _y);
        return Reverse.Tangent(u, [z, t], [_w, ones_like(_t)]);
    }

    private static double Largest(Tensor value) => value.abs().max().item<double>();

    private static double Distance(Tensor actual, Tensor expected) => Largest(actual.detach() - expected.detach()) / Largest(expected.detach());
}
