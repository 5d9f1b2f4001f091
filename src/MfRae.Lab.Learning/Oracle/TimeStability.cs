using MathNet.Numerics.Integration;
using MathNet.Numerics.LinearAlgebra;
using MfRae.Lab.Learning.Paths;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Whether the mean update of MeanFlow contracts for a distribution of times (docs/method.md §10): the operator L = I + (t - r) d/dt on
/// functions of the times alone, which are all functions where the flow is trivial (all data in one point, after a change of variables).
/// </summary>
/// <param name="shift">The shift of the times towards noise; 1: uniform times.</param>
/// <param name="order">Products of `order` cosines of t and `order` cosines of t - r span the functions: order² features.</param>
/// <param name="equalFraction">Share of the samples with r = t.</param>
/// <param name="reweighted">Whether importance weights bring the shifted times back to the uniform distribution.</param>
public sealed class TimeStability(double shift, int order, double equalFraction = 0.75, bool reweighted = false)
{
    // Exact for the cosines to more digits than are reported.
    private const int Nodes = 96;

    private readonly TimeShift _shift = new(shift);

    /// <summary>
    /// The smallest ⟨u, L u⟩ / ⟨u, u⟩ over the span of the features. Where it is negative, a small step of gradient descent can increase the
    /// distance to the solution.
    /// </summary>
    public double Coercivity => Preconditioned((gram, form) =>
    {
        var root = gram.Cholesky().Factor.Inverse();
        var whitened = root * form * root.Transpose();
        return ((whitened + whitened.Transpose()) / 2).Evd(Symmetricity.Symmetric).EigenValues.Min(value => value.Real);
    });

    /// <summary>
    /// The smallest real part of an eigenvalue of L on the span of the features. Where it is negative, gradient descent diverges at every
    /// learning rate.
    /// </summary>
    public double SmallestEigenvalue => Preconditioned((gram, form) => gram.Solve(form).Evd().EigenValues.Min(value => value.Real));

    /// <summary>½ min (1 - (t - r) ∂ log f / ∂t) over all times: the bound on <see cref="Coercivity"/> for r &lt; t in any space of functions.</summary>
    public double Bound => reweighted ? 0.5 : Math.Min(0.5, 1.5 - shift);

    private double Preconditioned(Func<Matrix<double>, Matrix<double>, double> measure)
    {
        var features = order * order;
        var gram = Matrix<double>.Build.Dense(features, features);
        var form = Matrix<double>.Build.Dense(features, features);
        var rule = new GaussLegendreRule(0, 1, Nodes);
        for (var i = 0; i < Nodes; i++)
        {
            // The larger of two uniform numbers has the density 2x; given it, the smaller one is uniform below it.
            var (larger, weight) = (rule.GetAbscissa(i), 2 * rule.GetAbscissa(i) * rule.GetWeight(i));
            Add(larger, larger, weight * equalFraction);
            for (var k = 0; k < Nodes; k++)
                Add(larger, larger * rule.GetAbscissa(k), weight * rule.GetWeight(k) * (1 - equalFraction));
        }
        return measure(gram, form);

        void Add(double larger, double smaller, double weight)
        {
            var (t, r) = reweighted ? (larger, smaller) : (_shift.Apply(larger), _shift.Apply(smaller));
            var (values, images) = At(t, r);
            gram.Add(weight * values.OuterProduct(values), gram);
            form.Add(weight * values.OuterProduct(images), form);
        }
    }

    // The features and L of the features at (t, r); d/dt holds r.
    private (Vector<double> Values, Vector<double> Images) At(double t, double r)
    {
        var values = Vector<double>.Build.Dense(order * order);
        var images = Vector<double>.Build.Dense(order * order);
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < order; j++)
            {
                var (a, b) = (Math.PI * i, Math.PI * j);
                var value = Math.Cos(a * t) * Math.Cos(b * (t - r));
                var slope = -(a * Math.Sin(a * t) * Math.Cos(b * (t - r))) - (b * Math.Cos(a * t) * Math.Sin(b * (t - r)));
                values[(i * order) + j] = value;
                images[(i * order) + j] = value + ((t - r) * slope);
            }
        }
        return (values, images);
    }
}
