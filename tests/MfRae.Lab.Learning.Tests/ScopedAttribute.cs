using System.Reflection;
using TorchSharp;
using Xunit.v3;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests;

/// <summary>
/// Holds the tensors of a test until its end. Without a scope nothing refers to a temporary while a native call reads it, and a collection
/// that the code under test asks for may free it under the call: seldom, and then the process is gone.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ScopedAttribute : BeforeAfterTestAttribute
{
    private DisposeScope? _scope;

    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => _scope = NewDisposeScope();

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        _scope?.Dispose();
        // Between tests no native call reads a scalar. tests/tests.runsettings makes other collections rare.
        GC.Collect(0);
    }
}
