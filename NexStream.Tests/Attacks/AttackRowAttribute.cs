namespace NexStream.Tests.Attacks;

/// <summary>
/// The test shows that a row of docs/attacks.md is survived. The category selects it: <c>dotnet test --filter TestCategory=Attack26</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class AttackRowAttribute(int row) : CategoryAttribute($"Attack{row}")
{
    public int Row => row;
}
